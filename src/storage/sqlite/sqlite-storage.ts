import { type CompiledQuery, Kysely, sql } from 'kysely'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { checkFailure, DatabaseUnavailable, startFailure, UNANSWERED } from '../database-error.js'
import { applyMigrations, pendingMigrations } from '../migrations/migrate.js'
import type { SchemaMigrationsTable } from '../migrations/migration.js'
import { binder, nowMark } from '../parameters.js'
import type { Listener, PreparedLookUp, PreparedStatement, Storage } from '../storage.js'
import type { Tables } from '../tables.js'
import { runTransaction } from '../transaction.js'
import type { TransactionGuard } from '../transaction-guard.js'
import { SqliteConnection } from './sqlite-connection.js'
import { BoundQuery, sqliteDialect } from './sqlite-dialect.js'
import { prepareFile, watchFile } from './sqlite-file.js'
import { SqliteHandle } from './sqlite-handle.js'
import { SqliteJournal } from './sqlite-journal.js'
import { watchDataVersion } from './sqlite-watch.js'

export interface SqliteOptions {
  /** An absolute path, or `:memory:`. */
  readonly path: string
  /** Milliseconds to wait for one's turn, and for another process's lock. */
  readonly patience: number
  readonly clock: Clock
  readonly guard: TransactionGuard
  readonly migrate: boolean
}

const CHECK_PATIENCE = 2000

/** SQLite in WAL mode: one connection, every commit on the disk before it is answered. */
export async function openSqlite({ path, patience, clock, guard, migrate }: SqliteOptions): Promise<Storage> {
  const inMemory = path === ':memory:'
  const handle = openHandle(path, inMemory)
  const connection = new SqliteConnection(handle, patience)
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection, clock, guard) })
  const checkFile = inMemory ? async () => undefined : watchFile(path)
  try {
    await configure(connection, inMemory)
    if (!inMemory) await syncBesides(connection, path)
    if (migrate) await migrateSqlite(db, guard)
  } catch (error) {
    await db.destroy()
    throw startFailure(`The SQLite file ${path}`, error)
  }
  const listeners: Listener[] = []
  let closing: Promise<void> | undefined

  function prepared<Row>(query: CompiledQuery<Row>, most?: 'one'): PreparedStatement<Row> {
    const bind = binder(query, clock)
    return async (parameters, tx) => {
      const values = bind(parameters)
      if (tx !== undefined) return (await tx.executeQuery<Row>(new BoundQuery(query, values, most))).rows
      guard.assertOutside()
      return (await connection.alone<Row>(query.sql, values, most)).rows
    }
  }

  return {
    dialect: 'sqlite',
    db,
    transaction: (work) => runTransaction(db, guard, work),
    prepare: (_name, query) => prepared(query),
    prepareOne<Row>(_name: string, query: CompiledQuery<Row>): PreparedLookUp<Row> {
      const find = prepared(query, 'one')
      return async (parameters, tx) => (await find(parameters, tx))[0] ?? null
    },
    now: () =>
      clock.controlled
        ? sql<number>`cast(${nowMark()} as integer)`
        : sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
    // Other processes see the commit itself.
    announce: async () => undefined,
    async listen(hint) {
      const listener = inMemory ? SILENT : watchDataVersion(() => connection.dataVersion(), hint)
      listeners.push(listener)
      return listener
    },
    async check() {
      try {
        await checkFile()
        await probe(connection)
      } catch (error) {
        throw checkFailure(error)
      }
    },
    close() {
      closing ??= Promise.all(listeners.map((listener) => listener.close())).then(() => closeWhole(connection, db))
      return closing
    },
  }
}

/** Nobody else can open a database in memory. */
const SILENT: Listener = { isListening: () => true, close: async () => undefined }

function openHandle(path: string, inMemory: boolean): SqliteHandle {
  try {
    if (!inMemory) prepareFile(path)
    return new SqliteHandle(path)
  } catch (error) {
    throw startFailure(`The SQLite file ${path}`, new DatabaseUnavailable(UNANSWERED, error))
  }
}

async function configure(connection: SqliteConnection, inMemory: boolean): Promise<void> {
  const pragma = (text: string) => connection.execute<object>(`PRAGMA ${text}`, [])
  // Short, since SQLite waits on the event loop's thread; the connection goes on waiting beside it.
  await pragma('busy_timeout = 5')
  await pragma('journal_mode = WAL')
  await pragma('synchronous = FULL')
  await pragma('foreign_keys = ON')
  await pragma('trusted_schema = OFF')
  await pragma('journal_size_limit = 67108864')
  const expected = { synchronous: 2, foreign_keys: 1, ...(inMemory ? {} : { journal_mode: 'wal' }) }
  for (const [name, value] of Object.entries(expected)) {
    const [row] = (await pragma(name)).rows
    const found: unknown = row === undefined ? undefined : Object.values(row)[0]
    if (found !== value) {
      throw new SallyportError('unavailable', {
        detail: `SQLite keeps ${name} at ${String(found)} where ${value} is needed; is the file on a network disk?`,
      })
    }
  }
}

/** Has commits synced without holding up the event loop; what is not on the disk is answered to nobody. */
async function syncBesides(connection: SqliteConnection, path: string): Promise<void> {
  // Reading makes the log.
  await connection.execute('SELECT count(*) FROM sqlite_schema', [])
  connection.syncBy(await SqliteJournal.open(path))
  await connection.execute('PRAGMA synchronous = NORMAL', [])
}

async function migrateSqlite(db: Kysely<Tables>, guard: TransactionGuard): Promise<void> {
  const schema = db.withTables<{ schema_migrations: SchemaMigrationsTable }>()
  // Looked at first, so that a start with nothing to do takes no lock; a transaction is BEGIN IMMEDIATE, and looks again.
  if ((await pendingMigrations(schema, 'sqlite')).length === 0) return
  await runTransaction(schema, guard, (tx) => applyMigrations(tx, 'sqlite'))
}

/** Moves the WAL into the file before closing: libsql keeps it open until the garbage collector has been. */
async function closeWhole(connection: SqliteConnection, db: Kysely<Tables>): Promise<void> {
  try {
    await connection.acquire('read')
    await connection.execute('PRAGMA wal_checkpoint(TRUNCATE)', [])
  } finally {
    await db.destroy()
  }
}

/** Takes the write lock and rolls back what it wrote: a read-only file or folder shows, and nothing grows. */
async function probe(connection: SqliteConnection): Promise<void> {
  await connection.begin(CHECK_PATIENCE)
  try {
    await connection.execute("INSERT INTO settings (name, value) VALUES ('', '')", [])
  } finally {
    await connection.rollback()
  }
}
