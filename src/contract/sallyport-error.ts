import { ERROR_CODES, type ErrorCode, type FieldError } from './error-codes.js'

export interface SallyportErrorOptions {
  /** What went wrong and what the caller can do, without any secret, SQL or stack. Default: the code's `action`. */
  readonly detail?: string
  readonly errors?: readonly FieldError[]
  /** Seconds until a repetition can succeed; sent as `Retry-After`. */
  readonly retryAfter?: number
  /** Seconds: how old the last authentication may be for what was asked; sent as `max_age` (RFC 9470 §3). */
  readonly maxAge?: number
  /** Kept for the log; never leaves the process. */
  readonly cause?: unknown
}

/** The only error that Sallyport answers with: a code of the catalogue, and what may be said about it in public. */
export class SallyportError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly detail: string
  readonly errors: readonly FieldError[]
  readonly retryAfter: number | undefined
  readonly maxAge: number | undefined

  constructor(code: ErrorCode, options: SallyportErrorOptions = {}) {
    const definition = ERROR_CODES[code]
    const detail = options.detail ?? definition.action
    super(`${code}: ${detail}`, { cause: options.cause })
    this.name = 'SallyportError'
    this.code = code
    this.status = definition.status
    this.detail = detail
    this.errors = options.errors ?? []
    this.retryAfter = options.retryAfter
    this.maxAge = options.maxAge
  }
}
