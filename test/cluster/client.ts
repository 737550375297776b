import { z } from 'zod'
import { readCookies } from '../flows/browser.js'
import type { Cluster } from './cluster.js'

export type Format = 'jwt' | 'opaque'

/** What became of one request. */
export interface Outcome {
  readonly status: number
  readonly code: string | null
  /** Which node answered. */
  readonly node: number
  /** True where an earlier attempt was cut off or refused. */
  readonly resent: boolean
}

/** Somebody with one session, however it is kept. Its `use` and `refresh` keep what they are given. */
export interface Client {
  readonly kind: 'bearer' | 'browser'
  readonly userId: string
  readonly sessionId: string
  /** Every access and refresh token it was ever given. */
  readonly tokens: ReadonlySet<string>
  format(): Format
  register(): Promise<Outcome>
  /** Asks who it is; an answer in another's name is a failure. */
  use(node?: number): Promise<Outcome>
  refresh(node?: number): Promise<Outcome>
  logout(node?: number): Promise<Outcome>
  /** Ends its own session by its id. */
  revoke(node?: number): Promise<Outcome>
}

const MIXED_UP = 'answered in the name of another'

const tokenAnswer = z.object({ user_id: z.string(), access_token: z.string(), refresh_token: z.string() })
const cookieAnswer = z.object({ user_id: z.string() })
const me = z.object({ id: z.string(), session_id: z.string() })
const csrfAnswer = z.object({ csrf_token: z.string() })
const problem = z.object({ code: z.string() })

interface Whole extends Outcome {
  readonly text: string
  readonly headers: Headers
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly node?: number | undefined
}

abstract class AnyClient {
  userId = ''
  sessionId = ''
  readonly tokens = new Set<string>()
  #uses = 0
  protected readonly cluster: Cluster
  protected readonly account: object

  constructor(cluster: Cluster, name: string) {
    this.cluster = cluster
    this.account = { email: `${name}@example.com`, password: 'violet-anchor-7-lantern' }
  }

  protected abstract credentials(path: string, origin: string): Record<string, string>
  protected abstract keep(answer: Response, text: string): void

  protected async call({ method, path, body, headers, node }: Call): Promise<Whole> {
    const { answer, text, ...rest } = await this.cluster.send(
      path,
      (origin) => ({
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...this.credentials(path, origin),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      }),
      node,
    )
    this.keep(answer, text)
    const code = answer.ok ? null : (problem.safeParse(parsed(text)).data?.code ?? 'no problem document')
    return { status: answer.status, code, text, headers: answer.headers, ...rest }
  }

  async use(node?: number): Promise<Outcome> {
    // In turn the route that looks the session up and the one that believes the token.
    const path = this.#uses++ % 2 === 0 ? '/auth/me' : '/auth/verify'
    const outcome = await this.call({ method: 'GET', path, node })
    if (outcome.status !== 200) return outcome
    const { id, session_id } = path === '/auth/me' ? me.parse(parsed(outcome.text)) : named(outcome.headers)
    const isMixedUp = id !== this.userId || (this.sessionId !== '' && session_id !== this.sessionId)
    this.sessionId ||= session_id
    return isMixedUp ? { ...outcome, status: 0, code: MIXED_UP } : outcome
  }

  logout(node?: number): Promise<Outcome> {
    return this.call({ method: 'POST', path: '/auth/logout', node })
  }
}

/** A program: its tokens in memory, in the `Authorization` header. */
export class BearerClient extends AnyClient implements Client {
  readonly kind = 'bearer'
  #access = ''
  #refresh = ''

  async register(): Promise<Outcome> {
    const outcome = await this.call({ method: 'POST', path: '/auth/register', body: this.account })
    this.userId = tokenAnswer.safeParse(parsed(outcome.text)).data?.user_id ?? ''
    return outcome
  }

  async refresh(node?: number): Promise<Outcome> {
    return this.call({ method: 'POST', path: '/auth/refresh', body: { refresh_token: this.#refresh }, node })
  }

  revoke(node?: number): Promise<Outcome> {
    return this.call({ method: 'DELETE', path: `/auth/sessions/${this.sessionId}`, node })
  }

  format(): Format {
    return formatOf(this.#access)
  }

  protected credentials(path: string): Record<string, string> {
    const isAnonymous = this.#access === '' || path === '/auth/refresh'
    return isAnonymous ? {} : { authorization: `Bearer ${this.#access}` }
  }

  protected keep(answer: Response, text: string): void {
    const given = answer.ok ? tokenAnswer.safeParse(parsed(text)).data : undefined
    if (given === undefined) return
    this.#access = given.access_token
    this.#refresh = given.refresh_token
    this.tokens.add(given.access_token).add(given.refresh_token)
  }
}

/** A browser: cookies and nothing else. */
export class BrowserClient extends AnyClient implements Client {
  readonly kind = 'browser'
  readonly #cookies = new Map<string, { readonly name: string; readonly value: string; readonly path: string }>()

  async register(): Promise<Outcome> {
    const body = { ...this.account, transport: 'cookie' }
    const outcome = await this.call({ method: 'POST', path: '/auth/register', body })
    this.userId = cookieAnswer.safeParse(parsed(outcome.text)).data?.user_id ?? ''
    return outcome
  }

  refresh(node?: number): Promise<Outcome> {
    return this.call({ method: 'POST', path: '/auth/refresh', node })
  }

  async revoke(node?: number): Promise<Outcome> {
    const csrf = await this.call({ method: 'GET', path: '/auth/csrf', node })
    if (csrf.status !== 200) return csrf
    const headers = { 'x-csrf-token': csrfAnswer.parse(parsed(csrf.text)).csrf_token }
    return this.call({ method: 'DELETE', path: `/auth/sessions/${this.sessionId}`, headers, node })
  }

  format(): Format {
    return formatOf([...this.#cookies.values()].find(({ name }) => name === 'session_id')?.value ?? '')
  }

  protected credentials(path: string, origin: string): Record<string, string> {
    const sent = [...this.#cookies.values()].filter((cookie) => path.startsWith(cookie.path))
    const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ')
    return { origin, 'sec-fetch-site': 'same-origin', ...(cookie !== '' && { cookie }) }
  }

  protected keep(answer: Response): void {
    for (const cookie of readCookies(answer)) {
      const key = `${cookie.name};${cookie.path}`
      if (cookie.attributes.includes('max-age=0')) {
        this.#cookies.delete(key)
        continue
      }
      this.#cookies.set(key, cookie)
      this.tokens.add(cookie.value)
    }
  }
}

function formatOf(accessToken: string): Format {
  return accessToken.startsWith('ey') ? 'jwt' : 'opaque'
}

/** Whom `/auth/verify` names. */
function named(headers: Headers): z.output<typeof me> {
  return me.parse({ id: headers.get('x-auth-user-id'), session_id: headers.get('x-auth-session-id') })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
