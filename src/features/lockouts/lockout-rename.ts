import type { Queryable } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

/**
 * Counts on under another identifier what was counted under one; where both were, the longer lockout stays. What known
 * devices guessed wrong is forgotten: their buckets cannot be told apart without them.
 * @param keyOf the key of a bucket of the new identifier; `address` is null for the identifier's own
 */
export async function renameBuckets(
  scope: OneTenant,
  tx: Queryable,
  names: { readonly from: string; readonly to: string },
  keyOf: (address: string | null) => string,
): Promise<void> {
  const rows = await tx
    .deleteFrom('login_attempts')
    .where(inTenant(scope))
    .where('identifier', '=', names.from)
    .returningAll()
    .execute()
  const moved = rows.filter(({ kind }) => kind === 'identifier' || kind === 'pair')
  if (moved.length === 0) return
  await tx
    .insertInto('login_attempts')
    .values(moved.map((row) => ({ ...row, key: keyOf(row.address), identifier: names.to })))
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet((eb) => ({
          user_id: eb.ref('excluded.user_id'),
          failures: eb.ref('excluded.failures'),
          window_ends_at: eb.ref('excluded.window_ends_at'),
          level: eb.ref('excluded.level'),
          locked_until: eb.ref('excluded.locked_until'),
          expires_at: eb.ref('excluded.expires_at'),
        }))
        .whereRef('login_attempts.locked_until', '<=', 'excluded.locked_until'),
    )
    .execute()
}
