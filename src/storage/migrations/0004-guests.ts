import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** The names of guests: who has which, and until when. A table of its own, so that no large one is locked or grows. */
export const guests: Migration = {
  name: '0004-guests',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema
      .createTable('guests')
      .addColumn('user_id', text, (c) => c.notNull().primaryKey())
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('username', text, (c) => c.notNull())
      .addColumn('expires_at', integer)
      .addUniqueConstraint('guests_tenant_id_username', ['tenant_id', 'username'])
      // Checked at the commit: the name is claimed before there is anybody to bear it.
      .addForeignKeyConstraint('guests_user', ['tenant_id', 'user_id'], 'users', ['tenant_id', 'id'], (c) =>
        c.onDelete('cascade').deferrable().initiallyDeferred(),
      )
      .modifyEnd(tableOptions(dialect, false))
      .execute()
    await tx.schema
      .createIndex('guests_expires_at')
      .on('guests')
      .column('expires_at')
      .where(sql<boolean>`expires_at is not null`)
      .execute()
  },
}
