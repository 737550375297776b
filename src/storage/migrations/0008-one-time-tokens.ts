import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** What a link in a mail proves. A version that does not know the table sends no such links. */
export const oneTimeTokens: Migration = {
  name: '0008-one-time-tokens',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema
      .createTable('one_time_tokens')
      .addColumn('id', text, (c) => c.notNull().primaryKey())
      .addColumn('digest', text, (c) => c.notNull().unique())
      .addColumn('tenant_id', text, (c) => c.notNull())
      // No list of legal values: further purposes come without a change of the table.
      .addColumn('purpose', text, (c) => c.notNull())
      .addColumn('user_id', text)
      .addColumn('email', text, (c) => c.notNull())
      .addColumn('credential_version', integer)
      .addColumn('data', text, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('expires_at', integer, (c) => c.notNull())
      .addForeignKeyConstraint('one_time_tokens_user', ['tenant_id', 'user_id'], 'users', ['tenant_id', 'id'], (c) =>
        c.onDelete('cascade'),
      )
      .modifyEnd(tableOptions(dialect, false))
      .execute()
    await tx.schema
      .createIndex('one_time_tokens_of_user')
      .on('one_time_tokens')
      .columns(['tenant_id', 'user_id'])
      .where(sql<boolean>`user_id is not null`)
      .execute()
    await tx.schema
      .createIndex('one_time_tokens_of_address')
      .on('one_time_tokens')
      .columns(['tenant_id', 'purpose', 'email'])
      .where(sql<boolean>`user_id is null`)
      .execute()
    await tx.schema.createIndex('one_time_tokens_end').on('one_time_tokens').column('expires_at').execute()
  },
}
