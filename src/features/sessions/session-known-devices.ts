import { sql } from 'kysely'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

/** Of one user; the one unused for longest makes room. */
const MOST_DEVICES = 50
/** A device in daily use is written once in this time, in milliseconds. */
const SEEN_PERIOD = 24 * 3_600_000

/**
 * Keeps that a user signed in with a device, in the transaction of the sign-in. True where the user had others and not
 * this one. Of parallel sign-ins with one new device, one is told so.
 * @param device as `deviceName` tells it
 */
export async function addDevice(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  userId: string,
  device: string,
): Promise<boolean> {
  const now = storage.now()
  const known = await db
    .selectFrom('known_devices')
    .select(['device', 'last_seen_at', sql<number>`${now}`.as('now')])
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .execute()
  const same = known.find((row) => row.device === device)
  if (same !== undefined) {
    if (same.now - same.last_seen_at >= SEEN_PERIOD) await touchDevice(scope, db, storage, userId, device)
    return false
  }
  const added = await db
    .insertInto('known_devices')
    .values({ tenant_id: scope.tenantId, user_id: userId, device, first_seen_at: now, last_seen_at: now })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'user_id', 'device']).doNothing())
    .returning('device')
    .executeTakeFirst()
  if (added === undefined) return false
  const longest = known.toSorted((left, right) => right.last_seen_at - left.last_seen_at).slice(MOST_DEVICES - 1)
  if (longest.length > 0) {
    const names = longest.map((row) => row.device)
    await db
      .deleteFrom('known_devices')
      .where(inTenant(scope))
      .where('user_id', '=', userId)
      .where('device', 'in', names)
      .execute()
  }
  return known.length > 0
}

/** What a user has signed in with is as if it had never been seen. */
export async function forgetDevices(scope: OneTenant, db: Queryable, userId: string): Promise<void> {
  await db.deleteFrom('known_devices').where(inTenant(scope)).where('user_id', '=', userId).execute()
}

async function touchDevice(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  userId: string,
  device: string,
): Promise<void> {
  await db
    .updateTable('known_devices')
    .set({ last_seen_at: storage.now() })
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .where('device', '=', device)
    .execute()
}
