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

export const GUIDE_PROGRAMS: readonly GuideProgram[] = [
  {
    page: 'README.md',
    before: "const request = new Request('http://127.0.0.1:3000/auth/me')",
    after: 'console.log(response, identity, createTestAuth)',
  },
  { page: 'docs/guides/express.md' },
  { page: 'docs/guides/fastify.md' },
  { page: 'docs/guides/guests.md', before: AUTH, after: 'await auth.close()' },
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
