import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Act, Given, History } from './history.js'

const tokens = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  user: z.object({ id: z.string(), email: z.string() }),
  // Where access tokens are JWTs, they name the session.
  session: z.object({ id: z.string() }).optional(),
})
const claims = z.object({ sid: z.string() })
const me = z.object({ id: z.string(), email: z.string(), session_id: z.string() })
const problem = z.object({ code: z.string() })

type Call = Pick<Act, 'kind' | 'email' | 'password' | 'token' | 'target'>
type Answer = Pick<Act, 'outcome' | 'status' | 'code' | 'given'>

const ROUTES: Readonly<Record<Act['kind'], readonly [method: string, path: string]>> = {
  register: ['POST', '/auth/register'],
  login: ['POST', '/auth/login'],
  use: ['GET', '/auth/me'],
  refresh: ['POST', '/auth/refresh'],
  logout: ['POST', '/auth/logout'],
  revoke: ['DELETE', '/auth/sessions/'],
  revoke_all: ['DELETE', '/auth/sessions'],
}

/** Makes requests and records each, whatever becomes of it. Keeps every password and token for the search of the logs. */
export class Caller {
  readonly history: History
  readonly secrets: Set<string>
  /** Where the server is at the moment. */
  url = ''
  /** True while nothing else is under way. */
  settling = false
  underWay = 0

  constructor(history: History, secrets = new Set<string>()) {
    this.history = history
    this.secrets = secrets
  }

  register = (email: string, password: string) => this.#call('register', email, { password })
  login = (email: string, password: string) => this.#call('login', email, { password })
  use = (email: string, token: string) => this.#call('use', email, { token })
  refresh = (email: string, token: string) => this.#call('refresh', email, { token })
  logout = (email: string, token: string) => this.#call('logout', email, { token })
  revoke = (email: string, token: string, target: string) => this.#call('revoke', email, { token, target })
  revokeAll = (email: string, token: string) => this.#call('revoke_all', email, { token })

  async #call(kind: Act['kind'], email: string, given: Partial<Call>): Promise<Act> {
    const call: Call = { password: null, token: null, target: null, ...given, kind, email }
    const id = randomUUID()
    const { settling } = this
    if (call.password !== null) this.secrets.add(call.password)
    const start = this.history.now()
    this.underWay++
    const answer = await send(`${this.url}${ROUTES[kind][1]}${call.target ?? ''}`, id, call)
    this.underWay--
    for (const token of [answer.given?.access, answer.given?.refresh]) if (token) this.secrets.add(token)
    return this.history.add({ ...call, ...answer, id, start, end: this.history.now(), settling })
  }
}

async function send(url: string, id: string, call: Call): Promise<Answer> {
  const body = bodyOf(call)
  const headers = {
    'x-request-id': id,
    ...(body === null ? {} : { 'content-type': 'application/json' }),
    ...(call.token === null || call.kind === 'refresh' ? {} : { authorization: `Bearer ${call.token}` }),
  }
  const init = { method: ROUTES[call.kind][0], headers, body: body === null ? null : JSON.stringify(body) }
  // Cut off before the whole answer was there: nobody knows what became of it.
  const whole = await fetch(url, init)
    .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
    .catch(() => null)
  return whole === null
    ? { outcome: 'unknown', status: null, code: null, given: null }
    : judged(call.kind, whole.status, whole.text)
}

function bodyOf({ kind, email, password, token }: Call) {
  if (kind === 'register' || kind === 'login') return { email, password }
  return kind === 'refresh' ? { refresh_token: token } : null
}

/** @throws Error for a success of another shape than the contract has, which a run must not take for a cut one */
function judged(kind: Act['kind'], status: number, text: string): Answer {
  if (status >= 400) {
    const code = problem.safeParse(parsed(text)).data?.code ?? null
    return { outcome: code === 'unavailable' || code === null ? 'unknown' : 'fail', status, code, given: null }
  }
  return { outcome: 'ok', status, code: null, given: givenBy(kind, text) }
}

function givenBy(kind: Act['kind'], text: string): Given | null {
  if (kind === 'use') {
    const { id, email, session_id } = me.parse(parsed(text))
    return { email, userId: id, sessionId: session_id, access: null, refresh: null }
  }
  if (kind !== 'register' && kind !== 'login' && kind !== 'refresh') return null
  const { access_token, refresh_token, user, session } = tokens.parse(parsed(text))
  return {
    email: user.email,
    userId: user.id,
    sessionId: session?.id ?? sidOf(access_token),
    access: access_token,
    refresh: refresh_token,
  }
}

function sidOf(jwt: string): string {
  return claims.parse(parsed(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())).sid
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
