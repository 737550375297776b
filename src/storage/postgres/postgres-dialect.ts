import {
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import type { Pool } from 'pg'
import type { Clock } from '../../runtime/clock.js'
import type { TransactionGuard } from '../transaction-guard.js'
import { PostgresSession } from './postgres-session.js'

/** Kysely over a pool, with our own errors and repetitions. */
export function postgresDialect(pool: Pool, clock: Clock, guard: TransactionGuard): Dialect {
  return {
    createDriver: () => new PostgresDriver(pool, clock, guard),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  }
}

class PostgresDriver implements Driver {
  readonly #pool: Pool
  readonly #clock: Clock
  readonly #guard: TransactionGuard

  constructor(pool: Pool, clock: Clock, guard: TransactionGuard) {
    this.#pool = pool
    this.#clock = clock
    this.#guard = guard
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresSession> {
    this.#guard.assertOutside()
    return PostgresSession.acquire(this.#pool, this.#clock)
  }

  beginTransaction(session: PostgresSession): Promise<void> {
    return session.begin()
  }

  commitTransaction(session: PostgresSession): Promise<void> {
    return session.commit()
  }

  rollbackTransaction(session: PostgresSession): Promise<void> {
    return session.rollback()
  }

  async releaseConnection(session: PostgresSession): Promise<void> {
    session.release()
  }

  destroy(): Promise<void> {
    return this.#pool.end()
  }
}
