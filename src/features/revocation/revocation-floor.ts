import { type RawBuilder, sql } from 'kysely'
import type { Look } from '../../storage/shared-feed.js'
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

/** The look of the statement that it is a part of, as one row. SQLite has one writer: nothing is open beside what is seen. */
export function lookOf(storage: Storage): RawBuilder<Look> {
  const floor = floorOf(storage)
  return storage.dialect === 'postgres'
    ? sql`
        select ${floor} as floor, pg_snapshot_xmax(pg_current_snapshot())::text::bigint as ceiling,
          (select count(*) from pg_snapshot_xip(pg_current_snapshot())) as open`
    : sql`select floor, floor as ceiling, 0 as open from (select ${floor} as floor)`
}
