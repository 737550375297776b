import type { Server } from 'node:http'

const LOOK_EVERY = 50

/**
 * Takes no new connection, lets the requests under way finish, and closes each connection as it falls idle.
 * @param patience milliseconds after which the rest is cut off
 * @returns true where everything finished by itself
 */
export async function drain(server: Server, patience: number): Promise<boolean> {
  let finished = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // close() ends the connections that are idle now; those that fall idle later would stay until their own time-out.
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_EVERY)
  const limit = setTimeout(() => {
    finished = false
    server.closeAllConnections()
  }, patience)
  await closed
  clearInterval(idle)
  clearTimeout(limit)
  return finished
}
