// A chat with guests who may become accounts without leaving it: `npm run example -- chat`, then open the address it prints.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createAuth } from 'sallyport'
import { authenticateConnections } from 'sallyport/ws'
import { WebSocketServer } from 'ws'

const port = Number(process.env.PORT ?? 3001)
const files = {
  '/': ['chat.html', 'text/html'],
  '/chat.js': ['chat.js', 'text/javascript'],
  '/chat.css': ['chat.css', 'text/css'],
}

const auth = await createAuth({ storage: { url: process.env.DATABASE_URL ?? 'sqlite::memory:' } })

const server = createServer(
  getRequestListener(async (request, { incoming }) => {
    const [file, type] = files[new URL(request.url).pathname] ?? []
    if (file === undefined) return auth.handler(request, { remoteAddress: incoming.socket.remoteAddress ?? null })
    return new Response(readFileSync(new URL(file, import.meta.url)), {
      headers: {
        'content-type': `${type}; charset=utf-8`,
        'content-security-policy': "default-src 'self'; img-src data:",
      },
    })
  }),
)

/** The connections in each room of this process. */
const rooms = new Map()

function tell(room, message) {
  for (const connection of rooms.get(room) ?? []) connection.send(message)
}

function people(room) {
  return [...(rooms.get(room) ?? [])].map(({ identity }) => ({ name: identity.username, isGuest: identity.isGuest }))
}

function join(connection, room) {
  leave(connection)
  rooms.set(room, (rooms.get(room) ?? new Set()).add(connection))
  tell(room, { type: 'people', room, people: people(room) })
}

function leave(connection) {
  for (const [room, members] of rooms) {
    if (!members.delete(connection)) continue
    if (members.size === 0) rooms.delete(room)
    else tell(room, { type: 'people', room, people: people(room) })
  }
}

const short = (value, most) => typeof value === 'string' && value.length > 0 && value.length <= most

const wss = new WebSocketServer({ server, path: '/ws' })
authenticateConnections(wss, auth, {
  onConnection(connection) {
    connection.onClose(() => leave(connection))
    // A guest has become an account, or somebody has another name: the room sees it, and nobody had to come again.
    connection.onIdentity(() => {
      for (const [room, members] of rooms) {
        if (members.has(connection)) tell(room, { type: 'people', room, people: people(room) })
      }
    })
    connection.onMessage((frame) => {
      if (frame.type === 'join' && short(frame.room, 40)) join(connection, frame.room)
      else if (frame.type === 'say' && short(frame.text, 500)) {
        const { username, isGuest } = connection.identity
        for (const [room, members] of rooms) {
          if (members.has(connection)) tell(room, { type: 'said', room, from: username, isGuest, text: frame.text })
        }
      } else connection.close(4400, 'join or say')
    })
  },
})

server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`Chat: http://127.0.0.1:${server.address().port}\n`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close()
    server.closeIdleConnections()
    await auth.close()
    process.exit(0)
  })
}
