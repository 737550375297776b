import type { Bindable } from '../parameters.js'
import { type LibsqlDatabase, type LibsqlStatement, openLibsql } from './libsql.js'

export interface Outcome<Row> {
  readonly rows: Row[]
  /** Rows changed; absent for a statement that gives rows. */
  readonly changes?: number
}

interface Prepared {
  readonly statement: LibsqlStatement
  readonly reader: boolean
  /** Columns that can hold a blob: declared so, or an expression. */
  readonly blobs: readonly string[]
}

const CACHED_STATEMENTS = 256

/** One SQLite connection: statements cached by their text, blobs as Buffer. Everything here is synchronous. */
export class SqliteHandle {
  readonly #database: LibsqlDatabase
  // libsql frees a statement only after a turn of the event loop, so a loop that prepares would grow without end.
  readonly #prepared = new Map<string, Prepared>()
  #open = true

  constructor(path: string) {
    this.#database = openLibsql(path)
  }

  get inTransaction(): boolean {
    return this.#open && this.#database.inTransaction
  }

  execute<Row>(sql: string, parameters: readonly Bindable[]): Outcome<Row> {
    const { statement, reader, blobs } = this.#prepare(sql)
    if (!reader) return { rows: [], changes: statement.run(parameters).changes }
    const rows = statement.all<Row & object>(parameters)
    if (blobs.length > 0) for (const row of rows) giveBuffers(row, blobs)
    return { rows }
  }

  /** Runs statements that take no parameters and give no rows. */
  run(sql: string): void {
    this.#assertOpen()
    this.#database.exec(sql)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#prepared.clear()
    // libsql keeps what is closed until the garbage collector has been, and an open transaction its lock.
    try {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
    } finally {
      this.#database.close()
    }
  }

  #prepare(sql: string): Prepared {
    this.#assertOpen()
    const known = this.#prepared.get(sql)
    if (known !== undefined) {
      this.#prepared.delete(sql)
      this.#prepared.set(sql, known)
      return known
    }
    const statement = this.#database.prepare(sql)
    const reader = statement.reader
    const blobs = reader
      ? statement
          .columns()
          .filter(({ type }) => type === null || type.toUpperCase() === 'BLOB')
          .map(({ name }) => name)
      : []
    const prepared: Prepared = { statement, reader, blobs }
    this.#prepared.set(sql, prepared)
    if (this.#prepared.size > CACHED_STATEMENTS) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest)
        break
      }
    }
    return prepared
  }

  #assertOpen(): void {
    if (!this.#open) throw new Error('The database is closed')
  }
}

function giveBuffers(row: object, columns: readonly string[]): void {
  for (const column of columns) {
    const value: unknown = Reflect.get(row, column)
    if (value instanceof ArrayBuffer) Reflect.set(row, column, Buffer.from(value))
  }
}
