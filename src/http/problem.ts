import { ERROR_CODES } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { uuidv7 } from '../runtime/ids.js'
import { challenge } from './challenge.js'
import type { HttpLogger } from './http-app-types.js'

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'
const TYPE_BASE = 'https://sallyport.dev/errors/'

export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The answer to a refusal (RFC 9457). Anything that is not a `SallyportError` is `internal`:
 * the log gets the cause, the caller gets the request id to quote.
 */
export function problemAnswer(thrown: unknown, requestId: string, logger: HttpLogger): ProblemAnswer {
  const error = thrown instanceof SallyportError ? thrown : new SallyportError('internal', { cause: thrown })
  if (error.status >= 500) {
    logger.error({ request_id: requestId, code: error.code, err: error.cause ?? error }, 'request failed')
  }
  const headers: Record<string, string> = { 'content-type': PROBLEM_CONTENT_TYPE }
  if (error.retryAfter !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfter)))
  if (error.status === 401) headers['www-authenticate'] = challenge(error)
  return { status: error.status, headers, body: JSON.stringify(problemBody(error, requestId)) }
}

/**
 * The answer to what never became a request: no CORS, nothing to log as a failure.
 * @param status where HTTP has a more exact one than the code (408, 426, 431)
 * @param requestId the caller's, where one could be read
 */
export function earlyRefusal(
  error: SallyportError,
  common: Readonly<Record<string, string>>,
  status: number = error.status,
  requestId = uuidv7(Date.now()),
): ProblemAnswer {
  const body = JSON.stringify(problemBody(error, requestId, status))
  const headers = {
    ...common,
    'content-type': PROBLEM_CONTENT_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
  }
  return { status, headers, body }
}

function problemBody(error: SallyportError, requestId: string, status: number = error.status) {
  return {
    type: TYPE_BASE + error.code,
    title: ERROR_CODES[error.code].title,
    status,
    detail: error.detail,
    code: error.code,
    request_id: requestId,
    ...(error.errors.length > 0 && { errors: error.errors }),
  }
}
