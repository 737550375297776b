import { z } from 'zod'
import { TEST_ORIGIN, type TestAuth } from '../../src/testing/index.js'
import type { Random } from '../faults/random.js'
import { headerText, mutated, pick } from './values.js'

/** Somebody whose credentials are used; who is signed out on the way signs in again. */
export interface Holder {
  readonly email: string
  readonly password: string
  access: string
  refresh: string
  csrf: string
}

/** What a request shows, and whether it may open anything. */
export interface Shown {
  readonly kind: string
  readonly headers: Readonly<Record<string, string>>
  /** True where the credential that counts was issued for this use, alive or not. */
  readonly isGenuine: boolean
  readonly holder: Holder | null
}

const tokens = z.looseObject({ access_token: z.string(), refresh_token: z.string() })
const csrfAnswer = z.object({ csrf_token: z.string() })

/** Null where the password is another one by now, or the session was ended by another request at once. */
async function signIn(auth: TestAuth, email: string, password: string): Promise<Omit<Holder, 'password'> | null> {
  const answer = await auth.request('/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  if (!answer.ok) return null
  const { access_token, refresh_token } = tokens.parse(await answer.json())
  const cookie = `session_id=${access_token}`
  const csrf = await auth.request('/auth/csrf', { headers: { cookie } })
  if (!csrf.ok) return null
  const { csrf_token } = csrfAnswer.parse(await csrf.json())
  return { email, access: access_token, refresh: refresh_token, csrf: csrf_token }
}

export async function register(auth: TestAuth, email: string, password: string): Promise<Holder> {
  await auth.api.register({ email, password })
  const signedIn = await signIn(auth, email, password)
  if (signedIn === null) throw new Error(`${email} was registered and cannot sign in`)
  return { password, ...signedIn }
}

let strangers = 0
/** Signs a holder in again; one who has changed the password on the way makes way for somebody new. */
export async function renew(auth: TestAuth, holder: Holder): Promise<void> {
  const { email, password } = holder
  const renewed = await signIn(auth, email, password)
  Object.assign(holder, renewed ?? (await register(auth, `stranger-${++strangers}@example.com`, password)))
}

/**
 * Chooses how a request is authenticated.
 * @param dead tokens that must open nothing: of another kind, expired, revoked, forged
 */
export function show(random: Random, holders: readonly Holder[], dead: readonly string[]): Shown {
  const holder = pick(random, holders)
  const kind = random.between(0, 13)
  const shown = (name: string, isGenuine: boolean, headers: Record<string, string>): Shown => ({
    kind: name,
    headers,
    isGenuine,
    holder: isGenuine ? holder : null,
  })
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
  const cookie = `session_id=${holder.access}`
  const bits = () => pick(random, [...'ABab01-_'])
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return shown('bearer', true, bearer(holder.access))
    case 3:
    case 4:
      return shown('cookie', true, { cookie, 'x-csrf-token': holder.csrf, origin: TEST_ORIGIN })
    case 5:
      return shown('cookie, no CSRF token', true, { cookie: `${cookie}; refresh_token=${holder.refresh}` })
    case 6:
      return shown('cookie, another CSRF token', true, { cookie, 'x-csrf-token': mutated(random, holder.csrf, bits) })
    case 7:
      return shown('refresh cookie alone', false, { cookie: `refresh_token=${holder.refresh}` })
    case 8:
      return shown('dead token', false, bearer(pick(random, dead)))
    case 9: {
      const text = mutated(random, holder.access, bits)
      return shown('altered token', text === holder.access, bearer(text))
    }
    case 10:
      return shown('bad header beside a good cookie', false, {
        authorization: pick(random, ['', 'Bearer', 'Basic YTpi', 'Bearer x']),
        cookie,
      })
    case 11:
      return shown('two cookies', false, { cookie: `${cookie}; session_id=${pick(random, dead)}` })
    case 12:
      return shown('no token at all', false, { authorization: headerText(random, random.between(0, 200)) })
    default:
      return shown('nothing', false, {})
  }
}
