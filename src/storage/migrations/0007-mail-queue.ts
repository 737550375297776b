import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** Messages to be sent, how many each address was asked to be sent, and people's languages. */
export const mailQueue: Migration = {
  name: '0007-mail-queue',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer, bytes } = columnTypes(dialect)
    await tx.schema
      .createTable('mail_queue')
      .addColumn('id', text, (c) => c.notNull().primaryKey())
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('recipient', text, (c) => c.notNull())
      .addColumn('sealed', bytes, (c) => c.notNull())
      .addColumn('attempts', integer, (c) => c.notNull().check(sql`attempts >= 0`))
      .addColumn('holder', text)
      .addColumn('due_at', integer, (c) => c.notNull())
      .addColumn('expires_at', integer, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .modifyEnd(tableOptions(dialect, true))
      .execute()
    await tx.schema.createIndex('mail_queue_due').on('mail_queue').column('due_at').execute()
    await tx.schema
      .createTable('mail_targets')
      .addColumn('key', text, (c) => c.notNull().primaryKey())
      .addColumn('asked', integer, (c) => c.notNull())
      .addColumn('window_ends_at', integer, (c) => c.notNull())
      .modifyEnd(tableOptions(dialect, true))
      .execute()
    await tx.schema.createIndex('mail_targets_end').on('mail_targets').column('window_ends_at').execute()
    await tx.schema.alterTable('users').addColumn('locale', text).execute()
  },
}
