import { type RawBuilder, sql } from 'kysely'
import type { Storage } from '../../storage/storage.js'

/**
 * The floor of a statement, for its select list: every change whose mark is lower has been committed or undone before
 * the statement's snapshot. The position of a read in the feed, without a clock.
 */
export function floorOf(storage: Storage): RawBuilder<number> {
  return storage.dialect === 'postgres'
    ? sql<number>`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
    : sql<number>`coalesce((select max(seq) from changes), 0) + 1`
}
