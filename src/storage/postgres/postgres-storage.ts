import { createHash } from 'node:crypto'
import { type CompiledQuery, Kysely, sql } from 'kysely'
import type { Pool } from 'pg'
import { maskUrl } from '../../config/mask-url.js'
import type { Clock } from '../../runtime/clock.js'
import { checkFailure, DatabaseUnavailable, startFailure, UNANSWERED } from '../database-error.js'
import { applyMigrations, pendingMigrations } from '../migrations/migrate.js'
import type { SchemaMigrationsTable } from '../migrations/migration.js'
import { binder, nowMark } from '../parameters.js'
import type { Listener, PreparedLookUp, PreparedStatement, Storage } from '../storage.js'
import type { Tables } from '../tables.js'
import { runTransaction } from '../transaction.js'
import { noGuard, type TransactionGuard } from '../transaction-guard.js'
import { postgresDialect } from './postgres-dialect.js'
import { assertDurable, type DurabilityPolicy } from './postgres-durability.js'
import { CHANNEL, listenToPostgres } from './postgres-listen.js'
import { openPool, type PoolOptions } from './postgres-pool.js'
import { isReadOnly, NamedQuery, PostgresSession } from './postgres-session.js'

export interface PostgresOptions extends PoolOptions, DurabilityPolicy {
  readonly directUrl: string | null
  readonly clock: Clock
  readonly guard: TransactionGuard
  readonly migrate: boolean
}

type MigratedTables = Tables & { schema_migrations: SchemaMigrationsTable }

const CHECK_PATIENCE = 2000
const MIGRATION_LOCK = 8_315_161_575_001

/** PostgreSQL 13 or later, through a pool. */
export async function openPostgres(options: PostgresOptions): Promise<Storage> {
  const { clock, guard } = options
  const pool = await openPool(options)
  const db = new Kysely<Tables>({ dialect: postgresDialect(pool, clock, guard) })
  try {
    await assertDurable(db, options)
    if (options.migrate) await migratePostgres(db, options)
  } catch (error) {
    await db.destroy()
    throw startFailure(`PostgreSQL at ${maskUrl(options.url)}`, error)
  }
  const listeners: Listener[] = []
  let closing: Promise<void> | undefined

  function prepare<Row>(name: string, query: CompiledQuery<Row>): PreparedStatement<Row> {
    const bind = binder(query, clock)
    const text = query.sql
    const readOnly = isReadOnly(query.query)
    // The digest keeps two versions of a statement apart on a server connection that a pooler shares.
    const unique = `${name.slice(0, 40)}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
    return async (parameters, tx) => {
      const values = bind(parameters)
      if (tx !== undefined) return (await tx.executeQuery<Row>(new NamedQuery(unique, query, values))).rows
      guard.assertOutside()
      const session = await PostgresSession.acquire(pool, clock)
      try {
        return (await session.execute<Row>({ name: unique, text, values, readOnly })).rows
      } finally {
        session.release()
      }
    }
  }

  return {
    dialect: 'postgres',
    db,
    transaction: (work) => runTransaction(db, guard, work),
    prepare,
    prepareOne<Row>(name: string, query: CompiledQuery<Row>): PreparedLookUp<Row> {
      const find = prepare(name, query)
      return async (parameters, tx) => (await find(parameters, tx))[0] ?? null
    },
    now: () =>
      clock.controlled
        ? sql<number>`cast(${nowMark()} as bigint)`
        : sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    async announce(tx) {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(tx)
    },
    async listen(hint) {
      const listener = await listenToPostgres({ url: options.directUrl ?? options.url, logger: options.logger }, hint)
      listeners.push(listener)
      return listener
    },
    check: () =>
      within(CHECK_PATIENCE, probe(pool, clock)).catch((error: unknown) => {
        throw checkFailure(error)
      }),
    close() {
      closing ??= Promise.all(listeners.map((listener) => listener.close())).then(() => db.destroy())
      return closing
    },
  }
}

/** Asks the server itself: one that recovers, follows another, or was made read-only answers reads as if all was well. */
async function probe(pool: Pool, clock: Clock): Promise<void> {
  const session = await PostgresSession.acquire(pool, clock)
  try {
    const { rows } = await session.execute<{ writable: boolean }>({
      text: `select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'
        and has_table_privilege('sessions', 'insert') as writable`,
      values: [],
      readOnly: true,
    })
    if (rows[0]?.writable !== true) {
      throw new DatabaseUnavailable(UNANSWERED, new Error('The database does not take writes'))
    }
  } finally {
    session.release()
  }
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseUnavailable(UNANSWERED)), milliseconds)
  })
  try {
    await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function migratePostgres(db: Kysely<Tables>, options: PostgresOptions): Promise<void> {
  const schema = db.withTables<{ schema_migrations: SchemaMigrationsTable }>()
  // Looked at first, so that a start with nothing to do needs neither a lock nor the right to change the schema.
  if ((await pendingMigrations(schema, 'postgres')).length === 0) return
  // A session of its own, since a step may outlast the statement timeout and a pooler may not hold locks.
  const url = options.directUrl ?? options.url
  const pool = await openPool({ ...options, url, max: 1, statementTimeout: 0 })
  const direct = new Kysely<MigratedTables>({ dialect: postgresDialect(pool, options.clock, noGuard) })
  try {
    await runTransaction(direct, noGuard, async (tx) => {
      await sql`set local lock_timeout = '60s'`.execute(tx)
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK}::bigint)`.execute(tx)
      await applyMigrations(tx, 'postgres')
    })
  } catch (error) {
    throw startFailure(`PostgreSQL at ${maskUrl(url)}`, error)
  } finally {
    await direct.destroy()
  }
}
