import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  type RootOperationNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Clock } from '../../runtime/clock.js'
import { type Bindable, bindAll } from '../parameters.js'
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

/** A query that was compiled once: its values are bound, and perhaps one row is all that it gives. */
export class BoundQuery<Row> implements CompiledQuery<Row> {
  readonly sql: string
  readonly query: RootOperationNode
  readonly queryId: CompiledQuery['queryId']
  readonly parameters: Bindable[]
  readonly most: 'one' | undefined

  constructor({ sql, query, queryId }: CompiledQuery<Row>, parameters: Bindable[], most?: 'one') {
    this.sql = sql
    this.query = query
    this.queryId = queryId
    this.parameters = parameters
    this.most = most
  }
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection
  readonly #clock: Clock
  readonly #guard: TransactionGuard

  constructor(connection: SqliteConnection, clock: Clock, guard: TransactionGuard) {
    this.#connection = connection
    this.#clock = clock
    this.#guard = guard
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteSession> {
    this.#guard.assertOutside()
    return new SqliteSession(this.#connection, this.#clock)
  }

  beginTransaction(session: SqliteSession): Promise<void> {
    return session.begin()
  }

  commitTransaction(session: SqliteSession): Promise<void> {
    return session.commit()
  }

  rollbackTransaction(session: SqliteSession): Promise<void> {
    return session.rollback()
  }

  releaseConnection(session: SqliteSession): Promise<void> {
    return session.rollback()
  }

  async destroy(): Promise<void> {
    await this.#connection.close()
  }
}

/** One user of the connection. It takes a turn at it for each statement, or for a whole transaction. */
class SqliteSession implements DatabaseConnection {
  readonly #connection: SqliteConnection
  readonly #clock: Clock
  #isInside = false

  constructor(connection: SqliteConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  async begin(): Promise<void> {
    await this.#connection.begin()
    this.#isInside = true
  }

  async commit(): Promise<void> {
    // Given back even where it fails.
    this.#isInside = false
    await this.#connection.commit()
  }

  async rollback(): Promise<void> {
    if (!this.#isInside) return
    this.#isInside = false
    await this.#connection.rollback()
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { parameters, most } =
      query instanceof BoundQuery ? query : { parameters: bindAll(query.parameters, this.#clock), most: undefined }
    const { rows, changes } = this.#isInside
      ? await this.#connection.execute<Row>(query.sql, parameters, most)
      : await this.#connection.alone<Row>(query.sql, parameters, most)
    return changes === undefined ? { rows } : { rows, numAffectedRows: BigInt(changes) }
  }

  // biome-ignore lint/correctness/useYield: it only refuses
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Rows are not streamed: read them in pages, by key')
  }
}
