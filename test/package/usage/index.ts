import {
  type Account,
  type Auth,
  type ConfigInput,
  createAuth,
  ERROR_CODES,
  type ErrorCode,
  type Identity,
  type MailTransport,
  SallyportError,
} from 'sallyport'

const sent: string[] = []
const mailTransport: MailTransport = {
  async send(message) {
    sent.push(message.subject)
    return {}
  },
}
const config: ConfigInput = { storage: { url: 'sqlite::memory:' }, auth: { session: { ttl: '12h' } } }
export const auth: Auth = await createAuth(config, { mailTransport })

export const response: Response = await auth.handler(new Request('http://127.0.0.1/auth/me'))
export const identity: Identity | null = await auth.authenticate(new Headers())
const code: ErrorCode = 'invalid_token'
export const status: 401 = ERROR_CODES[code].status

const { accessToken } = await auth.api.login({ email: 'ada@example.com', password: 'correct horse' })
export const account: Account | null = await auth.api.users.findByEmail({ email: 'ada@example.com' })
try {
  await auth.api.logout({ accessToken })
} catch (error) {
  if (error instanceof SallyportError && error.code === 'rate_limited') sent.push(String(error.retryAfter))
}
await auth.close()

// @ts-expect-error an unknown key is refused by the compiler already
await createAuth({ storrage: {} })
// @ts-expect-error so is a value of the wrong type
await createAuth({ server: { port: 'high' } })
// @ts-expect-error and what a call needs cannot be left out
await auth.api.login({ email: 'ada@example.com' })
