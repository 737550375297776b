import type { Server } from 'node:http'
import type { Socket } from 'node:net'

const LOOK_EVERY = 50

/**
 * Remembers the connections that have not sent a byte: browsers open some ahead of need, and node:http does not count
 * them as idle. @returns closes them
 */
export function watchSilentConnections(server: Server): () => void {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  }
}

/**
 * Takes no new connection, lets the requests under way finish, and closes each connection as it falls idle.
 * @param closeSilent what `watchSilentConnections` gave before the server listened
 * @param patience milliseconds after which the rest is cut off
 * @returns true where everything finished by itself
 */
export async function drain(server: Server, closeSilent: () => void, patience: number): Promise<boolean> {
  let finished = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // close() ends the connections that are idle now; those that fall idle later would stay until their own time-out.
  const idle = setInterval(() => {
    server.closeIdleConnections()
    closeSilent()
  }, LOOK_EVERY)
  const limit = setTimeout(() => {
    finished = false
    server.closeAllConnections()
  }, patience)
  await closed
  clearInterval(idle)
  clearTimeout(limit)
  return finished
}
