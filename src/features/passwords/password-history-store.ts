import type { Queryable } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

/** The hashes of the passwords that somebody had last, newest first. */
export async function recentHashes(scope: OneTenant, db: Queryable, userId: string, most: number): Promise<string[]> {
  const rows = await db
    .selectFrom('password_history')
    .select('password_hash')
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .orderBy('id', 'desc')
    .limit(most)
    .execute()
  return rows.map((row) => row.password_hash)
}

/** Keeps a hash that was replaced. @param replaced `id` is later than that of those before */
export async function keepHash(
  scope: OneTenant,
  db: Queryable,
  userId: string,
  replaced: { readonly id: string; readonly hash: string; readonly at: number },
): Promise<void> {
  await db
    .insertInto('password_history')
    .values({
      tenant_id: scope.tenantId,
      user_id: userId,
      id: replaced.id,
      password_hash: replaced.hash,
      replaced_at: replaced.at,
    })
    .execute()
}

/** Forgets all but the newest. */
export async function forgetHashes(scope: OneTenant, db: Queryable, userId: string, keep: number): Promise<void> {
  await db
    .deleteFrom('password_history')
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .where('id', 'not in', (eb) =>
      eb
        .selectFrom('password_history')
        .select('id')
        .where(inTenant(scope))
        .where('user_id', '=', userId)
        .orderBy('id', 'desc')
        .limit(keep),
    )
    .execute()
}
