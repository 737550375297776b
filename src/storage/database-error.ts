import { SallyportError } from '../contract/sallyport-error.js'

/** The database did not do its work. The driver's error is the cause, for the log alone. */
export class DatabaseUnavailable extends SallyportError {
  /** True where nothing of it was kept, and the same from its start may succeed. */
  readonly repeatable: boolean

  constructor(detail: string, cause?: unknown, repeatable = false) {
    super('unavailable', { detail, cause, retryAfter: 1 })
    this.name = 'DatabaseUnavailable'
    this.repeatable = repeatable
  }
}

export const UNANSWERED = 'The database does not answer. Try again later.'
export const BUSY = 'The database is busy. Try again later.'
export const UNKNOWN_OUTCOME =
  'The database was lost while it saved the change, which may or may not be kept. Read the state before repeating it.'

/** The text of `code` on whatever was thrown. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/**
 * What an operator is told at the start, where the details help and no caller reads along.
 * @param subject what could not be used, without any password
 */
export function startFailure(subject: string, error: unknown): unknown {
  if (!(error instanceof DatabaseUnavailable)) return error
  const { cause } = error
  // Node gives the refusal of several addresses at once no message.
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : (codeOf(cause) ?? error.detail)
  return new SallyportError('unavailable', { detail: `${subject} cannot be used: ${reason}`, cause })
}

/** The outcome of a check: whatever failed in it, the database cannot be used. */
export function checkFailure(error: unknown): DatabaseUnavailable {
  return error instanceof DatabaseUnavailable ? error : new DatabaseUnavailable(UNANSWERED, error)
}

/** True where an insert or update met a row with the same unique value, on either database. */
export function isUniqueViolation(error: unknown): boolean {
  const code = codeOf(error)
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}

/** True where a row refers to one that is not there, or is referred to by one that is. */
export function isForeignKeyViolation(error: unknown): boolean {
  const code = codeOf(error)
  if (code === '23503' || code === '23001' || code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return true
  // ON DELETE RESTRICT is a trigger inside SQLite, and its error has that code.
  return code === 'SQLITE_CONSTRAINT_TRIGGER' && error instanceof Error && error.message.startsWith('FOREIGN KEY')
}
