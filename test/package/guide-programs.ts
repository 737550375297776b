/** A page whose TypeScript and JavaScript is one program, in the order of the page. */
export interface GuideProgram {
  readonly page: string
  /** What the page takes for granted. */
  readonly before?: string
  /** How the program ends. */
  readonly after?: string
}

const AUTH = `
import { createAuth } from 'sallyport'
const auth = await createAuth({ storage: { url: 'sqlite::memory:' } })
`

/** Sallyport, an endpoint of the application's own, and a WebSocket that echoes. */
const SERVER = `
import { createServer } from 'node:http'
import { createAuth } from 'sallyport'
import { sallyport } from 'sallyport/node'
import { authenticateConnections } from 'sallyport/ws'
import { WebSocketServer } from 'ws'
const auth = await createAuth({ storage: { url: 'sqlite::memory:' } })
const server = createServer(sallyport(auth, (_request, response) => void response.end('Hello')))
const wss = new WebSocketServer({ server, path: '/ws' })
authenticateConnections(wss, auth, {
  onConnection: (connection) => void connection.onMessage((frame) => void connection.send(frame)),
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
const baseUrl = typeof address === 'object' ? \`http://127.0.0.1:\${address?.port}\` : ''
`

export const GUIDE_PROGRAMS: readonly GuideProgram[] = [
  {
    page: 'README.md',
    before: "const request = new Request('http://127.0.0.1:3000/auth/me')",
    after: 'console.log(response, identity, createTestAuth)',
  },
  {
    page: 'docs/guides/client.md',
    before: SERVER,
    after: 'ofThisSite.close()\nserver.closeAllConnections()\nserver.close()\nawait auth.close()',
  },
  { page: 'docs/guides/express.md' },
  { page: 'docs/guides/fastify.md' },
  { page: 'docs/guides/guests.md', before: AUTH, after: 'await auth.close()' },
  { page: 'docs/guides/hono.md' },
  { page: 'docs/guides/mail.md', after: 'console.log(subject, token, link, text, html, locale)\nawait auth.close()' },
  {
    page: 'docs/guides/sessions.md',
    before: `${AUTH}
const { accessToken } = await auth.api.register({ email: 'ada@example.com', password: 'correct horse battery' })
const [request, socket] = [new Headers({ authorization: \`Bearer \${accessToken}\` }), { remoteAddress: '127.0.0.1' }]
const [ipAddress, userAgent] = ['127.0.0.1', 'Mozilla/5.0']`,
    after: 'await auth.close()',
  },
  { page: 'docs/guides/node.md' },
  { page: 'docs/guides/websocket.md', after: 'wss.close()\nawait auth.close()' },
]
