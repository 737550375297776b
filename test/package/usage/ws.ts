import { createAuth } from 'sallyport'
import { type AuthenticatedConnections, authenticateConnections } from 'sallyport/ws'
import { type WebSocket, WebSocketServer } from 'ws'

const auth = await createAuth({ storage: { url: 'sqlite::memory:' } })
const wss = new WebSocketServer({ port: 0 })
export const connections: AuthenticatedConnections<WebSocket> = authenticateConnections(wss, auth, {
  onConnection(connection, socket, request) {
    const name: string = connection.identity.username
    connection.onMessage((frame) => connection.send({ type: 'echo', name, frame, from: request.url }))
    socket.on('close', () => connections.connectionOf(socket)?.close(4400, 'gone'))
  },
})
