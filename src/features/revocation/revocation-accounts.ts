import { type RawBuilder, sql } from 'kysely'
import { accountDigest } from '../../crypto/account-digest.js'
import type { AccountReading, Look } from '../../storage/shared-feed.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import { rolesOf } from '../access/access-service.js'
import { lookOf } from './revocation-floor.js'

/**
 * What these accounts are now, for those who hold tokens to compare. One that is gone or disabled has no digest.
 * @param roles selects the roles of `u`, see `AccessService.rolesColumn`
 */
export async function readAccounts(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  roles: RawBuilder<string | null>,
  userIds: readonly string[],
): Promise<readonly AccountReading[]> {
  // One statement, so that all of it is of one snapshot.
  const { rows } = await sql<
    Look & {
      readonly id: string | null
      readonly email: string | null
      readonly email_verified: number | null
      readonly username: string | null
      readonly is_guest: number | null
      readonly disabled_at: number | null
      readonly roles: string | null
    }
  >`
    select t.floor, t.ceiling, t.open, u.id, u.email, u.email_verified, u.username, u.is_guest, u.disabled_at, ${roles} as roles
    from (${lookOf(storage)}) t
    left join users u on u.id in (${sql.join(userIds)}) and ${inTenant(scope, 'u.tenant_id')}`.execute(db)
  const [first] = rows
  if (first === undefined) throw new Error('a left join of one row gave none')
  const digests = new Map(
    rows.flatMap((row) =>
      row.id === null || row.username === null || row.disabled_at !== null
        ? []
        : [
            [
              row.id,
              accountDigest({
                userId: row.id,
                email: row.email,
                emailVerified: row.email_verified === 1,
                username: row.username,
                roles: rolesOf(row.roles),
                isGuest: row.is_guest === 1,
              }),
            ],
          ],
    ),
  )
  const { floor, ceiling, open } = first
  return userIds.map((userId) => ({ userId, look: { floor, ceiling, open }, digest: digests.get(userId) ?? null }))
}

/**
 * By account, the sessions that were opened or refreshed beside a change of the credentials, and are dead by their
 * version alone: no change names them.
 */
export async function findLeftBehind(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .selectFrom('users as u')
    .innerJoin('sessions as s', (join) => join.onRef('s.tenant_id', '=', 'u.tenant_id').onRef('s.user_id', '=', 'u.id'))
    .select(['s.id', 's.user_id'])
    .where(inTenant(scope, 'u.tenant_id'))
    .where('u.id', 'in', userIds)
    .whereRef('s.credential_version', '<>', 'u.credential_version')
    .where('s.revoked_at', 'is', null)
    // A JWT never outlives the refresh token.
    .where('s.refresh_expires_at', '>', storage.now())
    .orderBy('s.id')
    .execute()
  const found = new Map<string, string[]>()
  for (const { id, user_id } of rows) {
    const ids = found.get(user_id)
    if (ids === undefined) found.set(user_id, [id])
    else ids.push(id)
  }
  return found
}
