import type { Bindable } from '../parameters.js'
import { type LibsqlDatabase, type LibsqlStatement, openLibsql } from './libsql.js'

export interface Outcome<Row> {
  readonly rows: Row[]
  /** Rows changed; absent for a statement that gives rows. */
  readonly changes?: number
}

interface Prepared {
  readonly statement: LibsqlStatement
  /** Null for a statement that gives no rows. */
  readonly columns: readonly string[] | null
}

const CACHED_STATEMENTS = 256

/** One SQLite connection: statements cached by their text. Everything here is synchronous. */
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

  /** @param most rows that are read: one, or all */
  execute<Row>(sql: string, parameters: readonly Bindable[], most: 'one' | 'all' = 'all'): Outcome<Row> {
    const { statement, columns } = this.#prepare(sql)
    if (columns === null) return { rows: [], changes: statement.run(parameters).changes }
    if (most === 'all') return { rows: statement.all(parameters).map((values) => rowOf<Row>(columns, values)) }
    const values = statement.get(parameters)
    return { rows: values === undefined ? [] : [rowOf<Row>(columns, values)] }
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
    const columns = statement.reader ? statement.columns().map(({ name }) => name) : null
    if (columns !== null) statement.raw()
    const prepared: Prepared = { statement, columns }
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

/** What a row holds is the query's promise, as with any driver. */
function rowOf<Row>(columns: readonly string[], values: readonly unknown[]): Row {
  const row = Object.create(Object.prototype)
  for (const [at, column] of columns.entries()) row[column] = values[at]
  return row
}
