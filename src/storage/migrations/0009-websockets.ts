import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** Connections counted over all nodes, messages between nodes, and why a session ended. */
export const websockets: Migration = {
  name: '0009-websockets',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema.alterTable('changes').addColumn('detail', text).execute()
    await tx.schema
      .createTable('socket_nodes')
      .addColumn('id', text, (c) => c.notNull().primaryKey())
      .addColumn('expires_at', integer, (c) => c.notNull())
      .modifyEnd(tableOptions(dialect, true))
      .execute()
    await tx.schema
      .createTable('socket_places')
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('user_id', text, (c) => c.notNull())
      .addColumn('node_id', text, (c) => c.notNull())
      .addColumn('count', integer, (c) => c.notNull().check(sql`count > 0`))
      .addPrimaryKeyConstraint('socket_places_pk', ['tenant_id', 'user_id', 'node_id'])
      .modifyEnd(tableOptions(dialect, true))
      .execute()
    await tx.schema.createIndex('socket_places_node').on('socket_places').column('node_id').execute()
    const messages = tx.schema.createTable('socket_messages')
    const numbered =
      dialect === 'sqlite'
        ? messages.addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
        : messages.addColumn('seq', 'bigint', (c) => c.primaryKey().generatedAlwaysAsIdentity())
    await numbered
      .addColumn('xid', integer, (c) => c.notNull())
      .addColumn('node_id', text, (c) => c.notNull())
      .addColumn('tenant_id', text, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull().check(sql`kind in ('user', 'session', 'tenant')`))
      .addColumn('target', text, (c) => c.notNull())
      .addColumn('body', text, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .modifyEnd(tableOptions(dialect, false))
      .execute()
    if (dialect === 'postgres')
      await tx.schema.createIndex('socket_messages_xid').on('socket_messages').column('xid').execute()
    await tx.schema.createIndex('socket_messages_created_at').on('socket_messages').column('created_at').execute()
  },
}
