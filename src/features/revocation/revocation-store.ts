import type { Queryable } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'

export interface RevokedSession {
  readonly id: string
  /** The database's time, milliseconds. */
  readonly revokedAt: number
}

/** The sessions that were ended after `since`. Found by the index of revocations, so its cost is their number. */
export async function listRevokedSince(
  scope: TenantScope,
  db: Queryable,
  since: number,
): Promise<readonly RevokedSession[]> {
  const rows = await db
    .selectFrom('sessions')
    .select(['id', 'revoked_at'])
    .where(inTenant(scope))
    .where('revoked_at', '>', since)
    .execute()
  return rows.flatMap(({ id, revoked_at }) => (revoked_at === null ? [] : [{ id, revokedAt: revoked_at }]))
}
