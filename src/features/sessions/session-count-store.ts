import { type RawBuilder, sql } from 'kysely'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import { notOver } from './session-store.js'

/** How much of the table is read at most; SQLite does so on the event loop's thread. */
const MOST = { pages: 2_000, rows: 2_000 } as const

/**
 * How many sessions are neither revoked nor past their ends. Exact while the table is small; beyond, a sample of
 * bounded size is counted, spread evenly over the table, and scaled up: within some per cent for millions of rows.
 * @param idleSince milliseconds: activity older than this has ended the access token
 * @param most what is read at most, pages on PostgreSQL and rows on SQLite
 */
export async function countLiveSessions(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  idleSince: number,
  most: { readonly pages: number; readonly rows: number } = MOST,
): Promise<number> {
  const live = sql<boolean>`${inTenant(scope)} and ${notOver(storage.now(), idleSince)}`
  return storage.dialect === 'postgres' ? countOnPostgres(db, live, most.pages) : countOnSqlite(db, live, most.rows)
}

/** The same pages are sampled each time, so that the figure moves with the sessions and not with the sample. */
async function countOnPostgres(db: Queryable, live: RawBuilder<boolean>, most: number): Promise<number> {
  const pages = await numberOf(
    db,
    sql`select pg_relation_size('sessions') / current_setting('block_size')::bigint as value`,
  )
  if (pages <= most) return numberOf(db, sql`select count(*) as value from sessions where ${live}`)
  const percent = sql.lit((100 * most) / pages)
  const sample = sql`select count(*) as value from sessions tablesample system (${percent}) repeatable (0) where ${live}`
  return Math.round(((await numberOf(db, sample)) * pages) / most)
}

/** Row numbers are given out in a row, and those of deleted sessions count as places where nothing lives. */
async function countOnSqlite(db: Queryable, live: RawBuilder<boolean>, most: number): Promise<number> {
  const first = await numberOf(db, sql`select coalesce(min(rowid), 1) as value from sessions`)
  const last = await numberOf(db, sql`select coalesce(max(rowid), 0) as value from sessions`)
  const places = last - first + 1
  if (places <= most) return numberOf(db, sql`select count(*) as value from sessions where ${live}`)
  const numbers = Array.from({ length: most }, (_, at) => first + Math.floor(((at + 0.5) * places) / most))
  const sample = sql`select count(*) as value from sessions where rowid in (select value from json_each(${JSON.stringify(numbers)})) and ${live}`
  return Math.round(((await numberOf(db, sample)) * places) / most)
}

async function numberOf(db: Queryable, query: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ readonly value: number }>`${query}`.execute(db)
  return Number(rows[0]?.value ?? 0)
}
