import { columnTypes } from './column-types.js'
import type { Migration } from './migration.js'

/** When the last token of a retired key has expired. An older version ignores the column and keeps the key. */
export const keyExpiry: Migration = {
  name: '0002-key-expiry',
  breaking: false,
  async up(tx, dialect) {
    await tx.schema.alterTable('keys').addColumn('expires_at', columnTypes(dialect).integer).execute()
  },
}
