import { sql } from 'kysely'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration } from './migration.js'

/** Connections of an address, counted over all nodes. A version that does not know it counts them at each node alone. */
export const socketAddresses: Migration = {
  name: '0011-socket-addresses',
  breaking: false,
  async up(tx, dialect) {
    const { text, integer } = columnTypes(dialect)
    await tx.schema
      .createTable('socket_addresses')
      .addColumn('address', text, (c) => c.notNull())
      .addColumn('node_id', text, (c) => c.notNull())
      .addColumn('count', integer, (c) => c.notNull().check(sql`count > 0`))
      .addPrimaryKeyConstraint('socket_addresses_pk', ['address', 'node_id'])
      .modifyEnd(tableOptions(dialect, true))
      .execute()
    await tx.schema.createIndex('socket_addresses_node').on('socket_addresses').column('node_id').execute()
  },
}
