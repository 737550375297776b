import { type Selectable, sql } from 'kysely'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { LoginAttemptsTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import { type BucketKind, type BucketState, EMPTY_BUCKET } from './lockout-bucket.js'
import type { Lockout } from './lockout-types.js'

/** Where attempts are counted. The key is a digest of the tenant too, so that no other tenant's row can have it. */
export interface BucketName {
  readonly key: string
  readonly kind: BucketKind
  readonly tenantId: string | null
  readonly identifier: string | null
  readonly userId: string | null
  readonly address: string | null
}

export interface StoredBuckets {
  /** By key; a bucket without a row is not in it. */
  readonly states: ReadonlyMap<string, BucketState>
  /** The database's time of this moment. */
  readonly now: number
}

/** The end is rounded up to this many milliseconds: it is indexed, and would otherwise change with every attempt. */
const END_STEP = 600_000

/** The buckets as they are stored, without waiting for anybody. */
export async function readBuckets(db: Queryable, storage: Storage, keys: readonly string[]): Promise<StoredBuckets> {
  const rows = await db
    .selectFrom(sql<{ now: number }>`(select ${storage.now()} as now)`.as('clock'))
    .leftJoin('login_attempts', (join) => join.on('login_attempts.key', 'in', keys))
    .selectAll()
    .execute()
  return storedBuckets(rows)
}

/** Makes the buckets where they are missing, and keeps them for this transaction alone until it ends. */
export async function lockBuckets(
  tx: Queryable,
  storage: Storage,
  buckets: readonly BucketName[],
): Promise<StoredBuckets> {
  const expiresAt = sql<number>`${storage.now()} + ${sql.lit(END_STEP)}`
  const rows = await tx
    .insertInto('login_attempts')
    .values(
      inOrder(buckets).map((bucket) => ({
        ...columnsOf(bucket),
        ...stateColumns(EMPTY_BUCKET),
        expires_at: expiresAt,
      })),
    )
    .onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ user_id: eb.ref('excluded.user_id') })))
    .returningAll()
    .returning(storage.now().as('now'))
    .execute()
  return storedBuckets(rows)
}

/** Writes buckets that this transaction has locked; one without an end is deleted. */
export async function writeBuckets(
  tx: Queryable,
  changes: readonly { readonly bucket: BucketName; readonly state: BucketState; readonly end: number }[],
): Promise<void> {
  const kept = changes.filter(({ end }) => end > 0)
  const gone = changes.filter(({ end }) => end === 0)
  if (gone.length > 0) {
    const keys = gone.map(({ bucket }) => bucket.key)
    await tx.deleteFrom('login_attempts').where('key', 'in', keys).execute()
  }
  if (kept.length === 0) return
  await tx
    .insertInto('login_attempts')
    .values(
      kept.map(({ bucket, state, end }) => ({
        ...columnsOf(bucket),
        ...stateColumns(state),
        expires_at: Math.ceil(end / END_STEP) * END_STEP,
      })),
    )
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({
        failures: eb.ref('excluded.failures'),
        pending: eb.ref('excluded.pending'),
        pending_until: eb.ref('excluded.pending_until'),
        window_ends_at: eb.ref('excluded.window_ends_at'),
        level: eb.ref('excluded.level'),
        locked_until: eb.ref('excluded.locked_until'),
        expires_at: eb.ref('excluded.expires_at'),
      })),
    )
    .execute()
}

export interface StoredFilter {
  readonly identifier?: string | undefined
  readonly address?: string | undefined
}

/** One page of what is locked now, by key after `after`. */
export async function listLocked(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  filter: StoredFilter,
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly Lockout[]> {
  let query = db
    .selectFrom('login_attempts as a')
    .leftJoin('users as u', (join) => join.onRef('u.tenant_id', '=', 'a.tenant_id').onRef('u.id', '=', 'a.user_id'))
    .select(['a.key', 'a.kind', 'a.tenant_id', 'a.user_id', 'u.email', 'a.address', 'a.level', 'a.locked_until'])
    .where(inTenant(scope, 'a.tenant_id'))
    // Said twice: the index holds what was ever locked.
    .where('a.locked_until', '>', 0)
    .where('a.locked_until', '>', storage.now())
  if (filter.identifier !== undefined) query = query.where('a.identifier', '=', filter.identifier)
  if (filter.address !== undefined) query = query.where('a.address', '=', filter.address)
  if (page.after !== null) query = query.where('a.key', '>', page.after)
  const rows = await query.orderBy('a.key').limit(page.limit).execute()
  return rows.map((row) => ({
    id: row.key,
    kind: row.kind,
    tenantId: row.tenant_id,
    userId: row.user_id,
    email: row.email,
    address: row.address,
    lockouts: row.level,
    lockedUntil: row.locked_until,
  }))
}

/** Deletes buckets, and returns those that were locked. */
export async function deleteBuckets(
  scope: TenantScope,
  tx: Queryable,
  storage: Storage,
  filter: StoredFilter,
): Promise<readonly { readonly kind: BucketKind; readonly tenantId: string | null; readonly userId: string | null }[]> {
  let query = tx.deleteFrom('login_attempts').where(inTenant(scope))
  if (filter.identifier !== undefined) query = query.where('identifier', '=', filter.identifier)
  if (filter.address !== undefined) query = query.where('address', '=', filter.address)
  const rows = await query
    .returning(['kind', 'tenant_id', 'user_id', 'locked_until'])
    .returning(storage.now().as('now'))
    .execute()
  return rows
    .filter((row) => row.locked_until > row.now)
    .map((row) => ({ kind: row.kind, tenantId: row.tenant_id, userId: row.user_id }))
}

/** Deletes at most `limit` buckets that remember nothing any more, and returns how many went. */
export async function deleteEndedBuckets(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('login_attempts')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('login_attempts')
        .select('key')
        .where(inTenant(scope))
        .where('expires_at', '<=', ago(storage, 0))
        .orderBy('expires_at')
        .limit(limit),
    )
    // An attempt may have found it in the meantime.
    .where('expires_at', '<=', storage.now())
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Everybody locks in this order, so that no two wait for each other; addresses, which many share, come last. */
function inOrder(buckets: readonly BucketName[]): readonly BucketName[] {
  const rank = ({ kind }: BucketName) => (kind === 'address' ? 1 : 0)
  return buckets.toSorted((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1))
}

function columnsOf({ key, kind, tenantId, identifier, userId, address }: BucketName) {
  return { key, kind, tenant_id: tenantId, identifier, user_id: userId, address }
}

function stateColumns({ failures, pending, pendingUntil, windowEndsAt, level, lockedUntil }: BucketState) {
  return {
    failures,
    pending,
    pending_until: pendingUntil,
    window_ends_at: windowEndsAt,
    level,
    locked_until: lockedUntil,
  }
}

type NullableRow = { [Column in keyof Selectable<LoginAttemptsTable>]: Selectable<LoginAttemptsTable>[Column] | null }

function storedBuckets(rows: readonly (NullableRow & { readonly now: number })[]): StoredBuckets {
  const states = new Map<string, BucketState>()
  for (const row of rows) {
    if (row.key === null) continue
    states.set(row.key, {
      failures: row.failures ?? 0,
      pending: row.pending ?? 0,
      pendingUntil: row.pending_until ?? 0,
      windowEndsAt: row.window_ends_at ?? 0,
      level: row.level ?? 0,
      lockedUntil: row.locked_until ?? 0,
    })
  }
  return { states, now: rows[0]?.now ?? 0 }
}
