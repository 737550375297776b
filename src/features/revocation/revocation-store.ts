import { type RawBuilder, sql } from 'kysely'
import { ago } from '../../storage/ago.js'
import { parameter } from '../../storage/parameters.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import { floorOf } from './revocation-floor.js'
import { generationColumn } from './revocation-generation.js'
import type { Change, RecordedChange } from './revocation-types.js'

/** How far a node has read: the sequence on SQLite, a transaction id on PostgreSQL. */
export type Watermark = number

export interface ReadChanges {
  readonly changes: readonly RecordedChange[]
  /** What is committed later lies at or above it. */
  readonly watermark: Watermark
  /** Whatever was read by this moment has every change whose mark is below it. */
  readonly floor: number
  /** The database's time of the read, milliseconds. */
  readonly now: number
  /** Of what nodes share outside the database; null before the first one. */
  readonly generation: string | null
  /** Which run of which server answered: another one may give out numbers again that were lost with the former. */
  readonly server: string
}

/** Adds changes to the transaction that makes them. */
export async function insertChanges(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  changes: readonly Change[],
): Promise<void> {
  const xid = storage.dialect === 'postgres' ? sql<number>`pg_current_xact_id()::text::bigint` : sql<number>`0`
  const rows = changes
    .filter(({ tenantId }) => scope.kind === 'all' || scope.tenantId === tenantId)
    .map(({ kind, tenantId, subject, ...change }) => ({
      xid,
      kind,
      tenant_id: tenantId,
      subject,
      detail: detailOf(change),
      created_at: storage.now(),
    }))
  if (rows.length > 0) await db.insertInto('changes').values(rows).execute()
}

interface ReadRow {
  readonly floor: number
  readonly now: number
  readonly generation: string | null
  readonly server: string
  readonly seq: number | null
  readonly mark: number | null
  readonly kind: RecordedChange['kind'] | null
  readonly tenant_id: string | null
  readonly subject: string | null
  readonly detail: string | null
  readonly created_at: number | null
}

/** What was committed since `from`, and how far that is. @param from null for a node that starts */
export type ReadFeed = (from: Watermark | null) => Promise<ReadChanges>

/**
 * Prepares the reading of the feed: every node does so at each hint, and closes nothing before it has. SQLite has one
 * writer, so `seq` is the order of commits. On PostgreSQL a transaction may commit long after others with higher numbers:
 * rows at or above `from` are read again and again, and the watermark moves no further than the oldest transaction that
 * is still open (`pg_snapshot_xmin`).
 * @param keep milliseconds: a node that starts needs nothing older, by the database's clock
 */
export function prepareReadFeed(scope: TenantScope, storage: Storage, keep: number): ReadFeed {
  const isPostgres = storage.dialect === 'postgres'
  const mark = isPostgres ? sql.ref('c.xid') : sql.ref('c.seq')
  // One statement, so that all of it is of one snapshot.
  const selectSince = (start: RawBuilder<unknown>) => sql<ReadRow>`
    select t.floor, t.now, t.generation, t.server, c.seq, ${mark} as mark, c.kind, c.tenant_id, c.subject, c.detail, c.created_at
    from (
      select ${floorOf(storage)} as floor, ${storage.now()} as now,
        ${generationColumn()} as generation, ${serverOf(storage)} as server
    ) t
    left join changes c on ${start} and ${inTenant(scope, 'c.tenant_id')}
    order by c.seq`
  const all = selectSince(sql`c.created_at > t.now - ${sql.lit(keep)}`)
  const since = selectSince(
    isPostgres ? sql`${mark} >= ${parameter<Watermark>()}` : sql`${mark} > ${parameter<Watermark>()}`,
  )
  const readSince = storage.prepare('read_feed', since.compile(storage.db))

  return async (from) => {
    const rows = from === null ? (await all.execute(storage.db)).rows : await readSince([from])
    const [first] = rows
    if (first === undefined) throw new Error('a left join of one row gave none')
    const changes = rows.flatMap(({ seq, mark, kind, tenant_id, subject, detail, created_at }) =>
      seq === null || mark === null || kind === null || tenant_id === null || subject === null || created_at === null
        ? []
        : [{ seq, mark, kind, tenantId: tenant_id, subject, ...endOf(detail), at: created_at }],
    )
    const { floor, now, generation, server } = first
    return { changes, watermark: isPostgres ? floor : floor - 1, floor, now, generation, server }
  }
}

function detailOf({ reason, successor }: Pick<Change, 'reason' | 'successor'>): string | null {
  if (reason === undefined) return null
  return successor === undefined ? reason : `${reason} ${successor}`
}

function endOf(detail: string | null): Pick<Change, 'reason' | 'successor'> {
  const [reason, successor] = detail?.split(' ') ?? []
  return { ...(reason !== undefined && { reason }), ...(successor !== undefined && { successor }) }
}

/** A standby that is promoted was started at another time than the server it follows. */
function serverOf(storage: Storage): RawBuilder<string> {
  return storage.dialect === 'postgres'
    ? sql<string>`extract(epoch from pg_postmaster_start_time())::text`
    : sql<string>`''`
}

/** Deletes changes older than `keep` milliseconds by the database's clock, at most `limit`; returns how many went. */
export async function deleteChanges(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  keep: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('changes')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('changes')
        .select('seq')
        .where(inTenant(scope))
        .where('created_at', '<', ago(storage, keep))
        .orderBy('created_at')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
