import type { FieldError } from '../contract/error-codes.js'
import { SallyportClientError } from './client-error.js'
import { isRecord } from './json.js'

/** An answer that has been read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** What its JSON says; undefined for none. */
  readonly body: unknown
}

/** What a problem document says (RFC 9457), as an error. */
export function refusalOf({ status, headers, body }: Answer): SallyportClientError {
  const { code, detail, errors } = isRecord(body) ? body : {}
  return new SallyportClientError(typeof code === 'string' ? code : 'unexpected_answer', {
    status,
    detail: typeof detail === 'string' ? detail : `The server answered ${status}.`,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
    retryAfter: retryAfterOf(headers),
    requestId: headers.get('x-request-id'),
  })
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string'
}

/** Seconds (RFC 9110 §10.2.3); the server sends no dates. */
function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  return text && /^\d+$/.test(text) ? Number(text) : undefined
}

/** Milliseconds from the answer's `Date` to a time of the server's clock; null where that clock is not shown (another origin). */
export function lifetimeOf(end: string | null, headers: Headers): number | null {
  const left = Date.parse(end ?? '') - Date.parse(headers.get('date') ?? '')
  return left >= 0 ? left : null
}

/** True for a refusal after which the credential shown is worth nothing, whoever asks and however often. */
export function isRefused(error: unknown): error is SallyportClientError {
  return error instanceof SallyportClientError && error.status === 401 && ENDED.has(error.code)
}

/** By their codes. */
export const ENDED: ReadonlySet<string> = new Set([
  'invalid_token',
  'token_expired',
  'token_reused',
  'session_revoked',
  'unauthenticated',
])

/** Something else than Sallyport answered. */
export function strange(): SallyportClientError {
  return new SallyportClientError('unexpected_answer', { detail: 'What answered is not Sallyport: check `baseUrl`.' })
}
