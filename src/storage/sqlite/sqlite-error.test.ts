import { describe, expect, it } from 'vitest'
import { DatabaseUnavailable } from '../database-error.js'
import { isBusy, translateSqliteError } from './sqlite-error.js'

function failure(code: string): Error {
  return Object.assign(new Error('what SQLite says'), { code })
}

describe('an error of libsql', () => {
  it.each([
    'SQLITE_CONSTRAINT_UNIQUE',
    // SQLITE_CONSTRAINT_DATATYPE, for which libsql has no name.
    'UNKNOWN_SQLITE_ERROR_3091',
  ])('stays what it is where a constraint refuses: %s', (code) => {
    const error = failure(code)
    expect(translateSqliteError(error)).toBe(error)
  })

  it.each([
    'SQLITE_FULL',
    'SQLITE_READONLY',
    'SQLITE_IOERR_FSYNC',
    'SQLITE_CORRUPT',
    // SQLITE_READONLY_DIRECTORY and SQLITE_IOERR_CORRUPTFS, for which libsql has no name.
    'UNKNOWN_SQLITE_ERROR_1544',
    'UNKNOWN_SQLITE_ERROR_8458',
  ])('is unavailable where the disk or the file fails: %s', (code) => {
    expect(translateSqliteError(failure(code))).toBeInstanceOf(DatabaseUnavailable)
  })

  it.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'UNKNOWN_SQLITE_ERROR_773'])('may be waited for: %s', (code) => {
    expect(isBusy(failure(code))).toBe(true)
    expect(translateSqliteError(failure(code))).toMatchObject({ code: 'unavailable' })
  })

  it.each(['SQLITE_ERROR', 'UNKNOWN_SQLITE_ERROR_257'])('is internal where the statement is wrong: %s', (code) => {
    expect(translateSqliteError(failure(code))).toMatchObject({ code: 'internal' })
  })
})
