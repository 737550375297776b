import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import { authenticateConnections, type SocketConnection } from '../../src/adapters/ws.js'
import type { Auth } from '../../src/index.js'

const addressShape = z.object({ port: z.int() })

export interface SocketServer {
  readonly url: string
  /** Of a page at the same host. */
  readonly origin: string
  readonly connections: SocketConnection[]
  /** What the application's code was given. */
  readonly messages: unknown[]
}

/** A server of the application's own over a node, as in the guide. It echoes what it is sent. */
export async function serveSockets(auth: Pick<Auth, 'sockets'>): Promise<SocketServer> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const connections: SocketConnection[] = []
  const messages: unknown[] = []
  authenticateConnections(wss, auth, {
    onConnection(connection) {
      connections.push(connection)
      connection.onMessage((message) => {
        messages.push(message)
        connection.send({ type: 'echo', message, user: connection.identity.username })
      })
    },
  })
  await new Promise((resolve) => wss.once('listening', resolve))
  onTestFinished(() => {
    for (const socket of wss.clients) socket.terminate()
    wss.close()
  })
  const host = `127.0.0.1:${addressShape.parse(wss.address()).port}`
  return { url: `ws://${host}`, origin: `http://${host}`, connections, messages }
}
