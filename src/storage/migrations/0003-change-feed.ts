import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** What every node must hear of: written in the transaction of the change, read by each node from where it left off. */
export const changeFeed: Migration = {
  name: '0003-change-feed',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    const table = tx.schema.createTable('changes')
    const numbered =
      dialect === 'sqlite'
        ? table.addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
        : table.addColumn('seq', 'bigint', (c) => c.primaryKey().generatedAlwaysAsIdentity())
    await numbered
      .addColumn('xid', integer, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull().check(sql`kind in ('session', 'user', 'claims', 'tenant', 'key')`))
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('subject', text, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .modifyEnd(tableOptions(dialect, false))
      .execute()
    if (dialect === 'postgres') await tx.schema.createIndex('changes_xid').on('changes').column('xid').execute()
    await tx.schema.createIndex('changes_created_at').on('changes').column('created_at').execute()
  },
}
