import { sql } from 'kysely'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Storage } from '../storage.js'
import { foundation } from './0001-foundation.js'
import { keyExpiry } from './0002-key-expiry.js'
import { changeFeed } from './0003-change-feed.js'
import { guests } from './0004-guests.js'
import { knownDevices } from './0005-known-devices.js'
import { loginAttempts } from './0006-login-attempts.js'
import { mailQueue } from './0007-mail-queue.js'
import { oneTimeTokens } from './0008-one-time-tokens.js'
import { websockets } from './0009-websockets.js'
import { passwordHistory } from './0010-password-history.js'
import { socketAddresses } from './0011-socket-addresses.js'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration, MigrationDatabase, MigrationTransaction, SchemaMigrationsTable } from './migration.js'

/** Every step there is, in order. */
export const MIGRATIONS: readonly Migration[] = [
  foundation,
  keyExpiry,
  changeFeed,
  guests,
  knownDevices,
  loginAttempts,
  mailQueue,
  oneTimeTokens,
  websockets,
  passwordHistory,
  socketAddresses,
]

/**
 * The names of the steps that `db` has not had.
 * @throws SallyportError `unavailable` for a database that a newer version changed in a breaking way
 */
export async function pendingMigrations(
  db: MigrationDatabase,
  dialect: Storage['dialect'],
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<string[]> {
  return pending(await appliedMigrations(db, dialect), migrations).map(({ name }) => name)
}

/**
 * Brings the schema up to date inside one transaction, whose lock the caller holds: either all of the pending steps
 * are there afterwards or none. Steps of a newer version that are marked as not breaking are left alone.
 */
export async function applyMigrations(
  tx: MigrationTransaction,
  dialect: Storage['dialect'],
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<string[]> {
  const { text, integer } = columnTypes(dialect)
  await tx.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('name', text, (c) => c.notNull().primaryKey())
    .addColumn('breaking', integer, (c) => c.notNull())
    .addColumn('applied_at', integer, (c) => c.notNull())
    .modifyEnd(tableOptions(dialect, false))
    .execute()
  const steps = pending(await appliedMigrations(tx, dialect), migrations)
  for (const { name, breaking, up } of steps) {
    await up(tx, dialect)
    await tx
      .insertInto('schema_migrations')
      .values({ name, breaking: breaking ? 1 : 0, applied_at: Date.now() })
      .execute()
  }
  return steps.map(({ name }) => name)
}

function pending(applied: readonly SchemaMigrationsTable[], migrations: readonly Migration[]): Migration[] {
  const known = new Set(migrations.map(({ name }) => name))
  const newer = applied.filter(({ name, breaking }) => breaking === 1 && !known.has(name))
  if (newer.length > 0) {
    const names = newer.map(({ name }) => name).join(', ')
    throw new SallyportError('unavailable', {
      detail: `The database was changed by a newer version of Sallyport (${names}), which this version cannot work with. Install that version.`,
    })
  }
  const done = new Set(applied.map(({ name }) => name))
  return migrations.filter(({ name }) => !done.has(name))
}

async function appliedMigrations(
  db: MigrationDatabase,
  dialect: Storage['dialect'],
): Promise<readonly SchemaMigrationsTable[]> {
  const found =
    dialect === 'sqlite'
      ? sql<{ found: number }>`select count(*) as found from sqlite_schema where name = 'schema_migrations'`
      : sql<{ found: number }>`select count(to_regclass('schema_migrations')) as found`
  const { rows } = await found.execute(db)
  if (rows[0]?.found !== 1) return []
  return db.selectFrom('schema_migrations').selectAll().execute()
}
