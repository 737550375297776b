import type { Kysely, Transaction } from 'kysely'
import type { Storage } from '../storage.js'
import type { Tables } from '../tables.js'

export interface SchemaMigrationsTable {
  name: string
  /** 1: a version that does not know this migration must not run on this database. */
  breaking: 0 | 1
  applied_at: number
}

export type MigratedTables = Tables & { schema_migrations: SchemaMigrationsTable }
export type MigrationTransaction = Transaction<MigratedTables>
export type MigrationDatabase = Kysely<MigratedTables>

/**
 * One step of the schema. Steps only go forward: expand first, so that the previous version still runs beside this
 * one, and contract in a later release. A published step never changes.
 */
export interface Migration {
  /** Four digits and what it does; steps run in the order of their names. */
  readonly name: string
  /** True only for a step after which versions that do not know it would do harm; they then refuse to start. */
  readonly breaking: boolean
  up(tx: MigrationTransaction, dialect: Storage['dialect']): Promise<void>
}
