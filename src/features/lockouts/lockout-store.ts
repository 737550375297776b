import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import type { BucketKind } from './lockout-bucket.js'
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
