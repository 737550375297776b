import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Clock } from '../../runtime/clock.js'
import { bindAll } from '../parameters.js'
import type { TransactionGuard } from '../transaction-guard.js'
import type { SqliteConnection } from './sqlite-connection.js'

/** Kysely over the one connection. Transactions are BEGIN IMMEDIATE, so none has to upgrade its lock and fail. */
export function sqliteDialect(connection: SqliteConnection, clock: Clock, guard: TransactionGuard): Dialect {
  return {
    createDriver: () => new SqliteDriver(connection, clock, guard),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  }
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection
  readonly #session: SqliteSession
  readonly #guard: TransactionGuard

  constructor(connection: SqliteConnection, clock: Clock, guard: TransactionGuard) {
    this.#connection = connection
    this.#session = new SqliteSession(connection, clock)
    this.#guard = guard
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#guard.assertOutside()
    await this.#connection.acquire()
    return this.#session
  }

  beginTransaction(): Promise<void> {
    return this.#connection.begin()
  }

  commitTransaction(): Promise<void> {
    return this.#connection.commit()
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback()
  }

  async releaseConnection(): Promise<void> {
    this.#connection.release()
  }

  async destroy(): Promise<void> {
    this.#connection.close()
  }
}

class SqliteSession implements DatabaseConnection {
  readonly #connection: SqliteConnection
  readonly #clock: Clock

  constructor(connection: SqliteConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = await this.#connection.execute<Row>(query.sql, bindAll(query.parameters, this.#clock))
    return changes === undefined ? { rows } : { rows, numAffectedRows: BigInt(changes) }
  }

  // biome-ignore lint/correctness/useYield: it only refuses
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Rows are not streamed: read them in pages, by key')
  }
}
