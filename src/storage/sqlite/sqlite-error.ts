import { SallyportError } from '../../contract/sallyport-error.js'
import { BUSY, codeOf, DatabaseUnavailable, UNANSWERED } from '../database-error.js'

/** True where another connection holds the lock: nothing was done, and waiting helps. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
}

/** What callers see of an error of libsql: a violated constraint as it is, the rest as a code of the catalogue. */
export function translateSqliteError(error: unknown): unknown {
  if (error instanceof SallyportError || error instanceof TypeError) return error
  const code = codeOf(error)
  if (code === undefined) return new DatabaseUnavailable(UNANSWERED, error)
  // libsql names no extended code it does not know, such as that of a datatype refused by a STRICT table.
  if (code.startsWith('SQLITE_CONSTRAINT') || code.startsWith('UNKNOWN_SQLITE_ERROR')) return error
  if (isBusy(error)) return new DatabaseUnavailable(BUSY, error)
  if (code === 'SQLITE_ERROR' || code === 'SQLITE_RANGE' || code === 'SQLITE_MISUSE') {
    return new SallyportError('internal', { cause: error })
  }
  return new DatabaseUnavailable(UNANSWERED, error)
}
