import type { CompiledQuery, Kysely, RawBuilder, Transaction } from 'kysely'
import type { Tables } from './tables.js'

/** What a store function queries: the pool, or the transaction that its caller opened. */
export type Queryable = Kysely<Tables> | Transaction<Tables>

/**
 * A statement compiled once; each call binds its parameters to a prepared (SQLite) or named (PostgreSQL) statement.
 * @param tx the transaction that it is part of; without one it is a transaction by itself
 */
export type PreparedStatement<Row> = (
  parameters: readonly unknown[],
  tx?: Transaction<Tables>,
) => Promise<readonly Row[]>

/** The same of a query by key. */
export type PreparedLookUp<Row> = (parameters: readonly unknown[], tx?: Transaction<Tables>) => Promise<Row | null>

export interface Listener {
  /** False while hints cannot come through. */
  isListening(): boolean
  close(): Promise<void>
}

export interface Storage {
  readonly dialect: 'sqlite' | 'postgres'
  readonly db: Kysely<Tables>
  /**
   * Runs `work` in one transaction: BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL.
   * It commits durably before the promise resolves, and rolls back when `work` throws.
   * `work` must touch the database alone, since it is run again after a serialization failure, a deadlock, or a
   * connection that was lost before COMMIT was sent.
   * @throws SallyportError `unavailable` when the database cannot be reached or does not answer in time
   */
  transaction<Result>(work: (tx: Transaction<Tables>) => Promise<Result>): Promise<Result>
  /**
   * Prepares `query` under `name` (unique in the process). The values in `query` are places that each call fills in
   * their order; where some of them are `parameter()`, those alone are places and the rest stays. `now()` is neither.
   */
  prepare<Row>(name: string, query: CompiledQuery<Row>): PreparedStatement<Row>
  /** The same for a query that gives one row at most: no other is read. */
  prepareOne<Row>(name: string, query: CompiledQuery<Row>): PreparedLookUp<Row>
  /** The database's clock in milliseconds since the epoch, as an expression; a controlled clock's time in tests. */
  now(): RawBuilder<number>
  /** Inside a transaction: lets every process that `listen`s know, once it is committed. Nothing where none could hear. */
  announce(tx: Transaction<Tables>): Promise<void>
  /**
   * Calls `hint` soon after any process has committed something announced, and after every interruption of the
   * listening. A hint may come late, twice, or not at all: who must know asks the database in the end.
   */
  listen(hint: () => void): Promise<Listener>
  /** Resolves when the database answers and takes writes. @throws SallyportError `unavailable` */
  check(): Promise<void>
  close(): Promise<void>
}
