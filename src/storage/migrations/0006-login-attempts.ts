import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** Counted guesses at secrets, and lockouts. A version that does not know the table counts nothing. */
export const loginAttempts: Migration = {
  name: '0006-login-attempts',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema
      .createTable('login_attempts')
      .addColumn('key', text, (c) => c.notNull().primaryKey())
      .addColumn('kind', text, (c) => c.notNull().check(sql`kind in ('identifier', 'pair', 'device', 'address')`))
      .addColumn('tenant_id', text)
      .addColumn('identifier', text)
      .addColumn('user_id', text)
      .addColumn('address', text)
      .addColumn('failures', integer, (c) => c.notNull().check(sql`failures >= 0`))
      .addColumn('pending', integer, (c) => c.notNull().check(sql`pending >= 0`))
      .addColumn('pending_until', integer, (c) => c.notNull())
      .addColumn('window_ends_at', integer, (c) => c.notNull())
      .addColumn('level', integer, (c) => c.notNull())
      .addColumn('locked_until', integer, (c) => c.notNull())
      .addColumn('expires_at', integer, (c) => c.notNull())
      .modifyEnd(tableOptions(dialect, true))
      .execute()
    // An attempt changes the counts, which no index holds; the end is written in steps, so that it seldom changes.
    await tx.schema.createIndex('login_attempts_end').on('login_attempts').column('expires_at').execute()
    await tx.schema.createIndex('login_attempts_identifier').on('login_attempts').column('identifier').execute()
    await tx.schema
      .createIndex('login_attempts_locked')
      .on('login_attempts')
      .column('key')
      .where(sql<boolean>`locked_until > 0`)
      .execute()
  },
}
