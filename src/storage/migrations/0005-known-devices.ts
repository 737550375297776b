import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** What each user has signed in with before. A version that does not know it leaves gaps, and no harm. */
export const knownDevices: Migration = {
  name: '0005-known-devices',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema
      .createTable('known_devices')
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('user_id', text, (c) => c.notNull())
      .addColumn('device', text, (c) => c.notNull())
      .addColumn('first_seen_at', integer, (c) => c.notNull())
      .addColumn('last_seen_at', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('known_devices_primary', ['tenant_id', 'user_id', 'device'])
      .addForeignKeyConstraint('known_devices_user', ['tenant_id', 'user_id'], 'users', ['tenant_id', 'id'], (c) =>
        c.onDelete('cascade'),
      )
      .modifyEnd(tableOptions(dialect, false))
      .execute()
  },
}
