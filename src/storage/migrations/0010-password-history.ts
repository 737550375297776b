import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** Passwords that somebody had before, where they cannot be chosen again. A version that does not know it adds none. */
export const passwordHistory: Migration = {
  name: '0010-password-history',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema
      .createTable('password_history')
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('user_id', text, (c) => c.notNull())
      .addColumn('id', text, (c) => c.notNull())
      .addColumn('password_hash', text, (c) => c.notNull())
      .addColumn('replaced_at', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('password_history_primary', ['tenant_id', 'user_id', 'id'])
      .addForeignKeyConstraint('password_history_user', ['tenant_id', 'user_id'], 'users', ['tenant_id', 'id'], (c) =>
        c.onDelete('cascade'),
      )
      .modifyEnd(tableOptions(dialect, false))
      .execute()
  },
}
