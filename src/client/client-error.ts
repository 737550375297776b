import type { ErrorCode, FieldError } from '../contract/error-codes.js'

/**
 * A code of the server's catalogue (docs/errors.md), of a newer server perhaps, or one of the client's own:
 * `network` (no answer came), `timeout` (none came in time), `unexpected_answer` (something else than Sallyport answered).
 */
export type ClientErrorCode = ErrorCode | 'network' | 'timeout' | 'unexpected_answer' | (string & Record<never, never>)

/** What a `SallyportClientError` is made of. */
export interface ClientErrorOptions {
  /** What may be shown; never a token. */
  readonly detail: string
  /** The HTTP status; 0 where no answer came. */
  readonly status?: number
  readonly errors?: readonly FieldError[]
  /** Seconds, from `Retry-After`. */
  readonly retryAfter?: number | undefined
  readonly requestId?: string | null
  readonly cause?: unknown
}

/** The only error that the client rejects with, but for an abort by a signal of yours: that one gives its own reason. */
export class SallyportClientError extends Error {
  declare readonly code: ClientErrorCode
  /** The HTTP status; 0 where no answer came. */
  declare readonly status: number
  declare readonly detail: string
  /** The single fields that were refused. */
  declare readonly errors: readonly FieldError[]
  /** Seconds until a repetition can succeed, where the server said so. */
  declare readonly retryAfter: number | undefined
  /** Names the request in the server's logs. */
  declare readonly requestId: string | null

  constructor(code: ClientErrorCode, options: ClientErrorOptions) {
    super(`${code}: ${options.detail}`, { cause: options.cause })
    this.name = 'SallyportClientError'
    const { detail, status = 0, errors = [], retryAfter, requestId = null } = options
    Object.assign(this, { code, detail, status, errors, retryAfter, requestId })
  }
}
