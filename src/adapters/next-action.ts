import type { ErrorCode, FieldError } from '../contract/error-codes.js'
import type { Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Answer } from '../http/answer.js'
import type { Call } from '../http/http-app-types.js'
import { guardCallOf, type ReadableHeaders } from './next-call.js'
import { setCookies, type WritableCookies } from './next-cookies.js'
import type { RouteGuardOptions } from './next-route.js'
import { type AuthSource, authOf } from './next-shared-auth.js'
import { errorOf } from './refusal-error.js'
import { demandOf } from './visit.js'

/** What of the browser's request an action hands on. */
export interface ActionRequest {
  /** `await headers()` */
  readonly headers: ReadableHeaders
  /** `await cookies()` */
  readonly cookies: WritableCookies
  /** Default: what `sharedAuth` opens. */
  readonly auth?: AuthSource
}

/** How a call ended. Tokens are never in it: they are in the cookies. */
export type ActionOutcome =
  | { readonly ok: true; readonly status: number }
  | {
      readonly ok: false
      readonly status: number
      readonly code: ErrorCode
      readonly detail: string
      readonly errors: readonly FieldError[]
      /** Seconds, where waiting helps. */
      readonly retryAfter: number | undefined
    }

/** They describe the body that the browser sent to the page, not the one that goes on. */
const OF_THE_BODY = new Set(['content-type', 'content-length', 'content-encoding', 'transfer-encoding'])

/**
 * Who calls a server action. Anybody can post to one, whatever page it stands on, so each asks for itself; and whoever
 * calls by cookie must come from an origin of one's own.
 * @param headers `await headers()`
 * @throws SallyportError `unauthenticated`, `invalid_token`, `token_expired`, `session_revoked`, `csrf_rejected`, `forbidden`
 */
export async function authorizeAction(
  headers: ReadableHeaders,
  { auth, ...rights }: Omit<RouteGuardOptions, 'csrf'> = {},
): Promise<Identity> {
  const demand = demandOf('require', rights)
  const { host } = await authOf(auth)
  const guarded = await host.guard(guardCallOf('POST', headers), demand)
  if ('refusal' in guarded) throw errorOf(guarded.refusal)
  if (guarded.identity === null) throw new SallyportError('unauthenticated')
  return guarded.identity
}

/**
 * Calls an endpoint of Sallyport for the browser whose form called an action, and hands it the cookies of the answer:
 * sign-in, registration and sign-out without a line of script in the page.
 * @param method of the endpoint
 * @param path of the endpoint, such as `/auth/login`
 * @param body sent as JSON; what opens a session needs `transport: 'cookie'`
 * @throws Error where the answer holds tokens, which no action may let out
 */
export async function callFromAction(
  { headers, cookies, auth }: ActionRequest,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<ActionOutcome> {
  const { host } = await authOf(auth)
  const answer = await host.answer(callOf(method, path, headers, body))
  setCookies(cookies, answer.fields)
  const { status } = answer
  if (status >= 400) {
    const { code, detail, errors, retryAfter } = errorOf(answer)
    return { ok: false, status, code, detail, errors, retryAfter }
  }
  if (textOf(answer).includes('"access_token"')) throw new Error(`Send transport: 'cookie' to ${path} from an action`)
  return { ok: true, status }
}

function callOf(method: string, path: string, headers: ReadableHeaders, body: unknown): Call {
  const { header, ...call } = guardCallOf(method, headers)
  const text = body === undefined ? null : JSON.stringify(body)
  const own = new Map(
    text === null
      ? []
      : [
          ['content-type', 'application/json'],
          ['content-length', String(Buffer.byteLength(text))],
        ],
  )
  return {
    ...call,
    path,
    query: '',
    header: (name) => own.get(name) ?? (OF_THE_BODY.has(name) ? undefined : header(name)),
    body: () => (text === null ? null : new Blob([text]).stream()),
  }
}

function textOf({ body }: Answer): string {
  if (body === null) return ''
  return typeof body === 'string' ? body : Buffer.from(body).toString()
}
