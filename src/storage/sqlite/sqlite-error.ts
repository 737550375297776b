import { SallyportError } from '../../contract/sallyport-error.js'
import { BUSY, codeOf, DatabaseUnavailable, UNANSWERED, UNKNOWN_OUTCOME } from '../database-error.js'

/** The result codes of SQLite that matter here, by number: libsql has no name for extended codes of later versions. */
const PRIMARY_CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  10: 'SQLITE_IOERR',
  19: 'SQLITE_CONSTRAINT',
  21: 'SQLITE_MISUSE',
  25: 'SQLITE_RANGE',
}

/** The name of an error's code; of one that libsql cannot name that of its primary code, which is its lowest byte. */
function sqliteCodeOf(error: unknown): string | undefined {
  const code = codeOf(error)
  const [, number] = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code ?? '') ?? []
  return number === undefined ? code : (PRIMARY_CODES[Number(number) & 0xff] ?? code)
}

/** True where another connection holds the lock: nothing was done, and waiting helps. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
}

/** What callers see of an error of libsql: a violated constraint as it is, the rest as a code of the catalogue. */
export function translateSqliteError(error: unknown): unknown {
  if (error instanceof SallyportError || error instanceof TypeError) return error
  const code = sqliteCodeOf(error)
  if (code === undefined) return new DatabaseUnavailable(UNANSWERED, error)
  if (code.startsWith('SQLITE_CONSTRAINT')) return error
  if (isBusy(error)) return new DatabaseUnavailable(BUSY, error)
  if (code === 'SQLITE_ERROR' || code === 'SQLITE_RANGE' || code === 'SQLITE_MISUSE') {
    return new SallyportError('internal', { cause: error })
  }
  return new DatabaseUnavailable(UNANSWERED, error)
}

/** The same of a COMMIT: where its last write or sync failed, what reached the disk may be found there after a crash. */
export function translateCommitError(error: unknown): unknown {
  const isUnsure = sqliteCodeOf(error)?.startsWith('SQLITE_IOERR') === true
  return isUnsure ? new DatabaseUnavailable(UNKNOWN_OUTCOME, error) : translateSqliteError(error)
}
