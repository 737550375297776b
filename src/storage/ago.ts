import { type RawBuilder, sql } from 'kysely'
import type { Storage } from './storage.js'

/**
 * So many milliseconds before now, to look an index up by. PostgreSQL reads the clock anew for every row, and can find
 * none by it; a subselect it reads once.
 */
export function ago(storage: Storage, milliseconds: number): RawBuilder<number> {
  return sql<number>`(select ${storage.now()} - ${sql.lit(milliseconds)})`
}
