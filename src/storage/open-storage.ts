import { type Clock, systemClock } from '../runtime/clock.js'
import { openPostgres } from './postgres/postgres-storage.js'
import { openSqlite } from './sqlite/sqlite-storage.js'
import type { Storage } from './storage.js'
import type { StorageLogger } from './storage-logger.js'
import { parseStorageUrl } from './storage-url.js'
import { noGuard, watchfulGuard } from './transaction-guard.js'

export interface StorageOptions {
  /** `sqlite:./path`, `sqlite::memory:`, `postgres://…` or `postgresql://…` */
  readonly url: string
  /** A PostgreSQL url that reaches the server without a pooler, for the migrations' session. */
  readonly directUrl: string | null
  readonly pool: { readonly max: number }
  /** Milliseconds: PostgreSQL ends a statement after it; SQLite waits as long for its turn and for locks. */
  readonly statementTimeout: number
  readonly allowUnsafeDurability: boolean
  readonly production: boolean
  readonly logger?: StorageLogger
  readonly clock?: Clock
  /** False to leave the schema as it is. Default: true. */
  readonly migrate?: boolean
}

/**
 * Opens the database, brings its schema up to date, and makes sure that a commit it answers is kept.
 * @throws Error for a url of another form; SallyportError `unavailable` when the database cannot be reached, was
 * changed by an incompatible newer version, or (in production) does not keep what it answers
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const target = parseStorageUrl(options.url)
  const clock = options.clock ?? systemClock
  const guard = options.production ? noGuard : watchfulGuard()
  const migrate = options.migrate ?? true
  if (target.dialect === 'sqlite') {
    return openSqlite({ path: target.path, patience: options.statementTimeout, clock, guard, migrate })
  }
  return openPostgres({
    url: target.url,
    directUrl: options.directUrl,
    max: options.pool.max,
    statementTimeout: options.statementTimeout,
    production: options.production,
    allowUnsafeDurability: options.allowUnsafeDurability,
    logger: options.logger,
    clock,
    guard,
    migrate,
  })
}
