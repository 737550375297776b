import { sql, type Transaction } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

interface SeenDevice {
  readonly device: string
  readonly last_seen_at: number
}

/** Of one user; the one unused for longest makes room. */
const MOST_DEVICES = 50
/** A device in daily use is written once in this time, in milliseconds. */
const SEEN_PERIOD = 24 * 3_600_000

/**
 * Keeps that a user signed in with a device, in the transaction of the sign-in. True where the user had others and not
 * this one. Of parallel sign-ins with one new device, one is told so.
 * @param device as `deviceName` tells it
 */
export type AddDevice = (scope: OneTenant, tx: Transaction<Tables>, userId: string, device: string) => Promise<boolean>

export function prepareAddDevice(storage: Storage): AddDevice {
  const query = storage.db
    .selectFrom('known_devices')
    .select(['device', 'last_seen_at', sql<number>`${storage.now()}`.as('now')])
    .where('tenant_id', '=', parameter<string>())
    .where('user_id', '=', parameter<string>())
  const list = storage.prepare('known_devices', query.compile())
  return async (scope, tx, userId, device) => {
    const known = await list([scope.tenantId, userId], tx)
    const same = known.find((row) => row.device === device)
    if (same === undefined) return addNew(scope, tx, storage, { userId, device, known })
    if (same.now - same.last_seen_at >= SEEN_PERIOD) await touchDevice(scope, tx, storage, userId, device)
    return false
  }
}

async function addNew(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  {
    userId,
    device,
    known,
  }: { readonly userId: string; readonly device: string; readonly known: readonly SeenDevice[] },
): Promise<boolean> {
  const now = storage.now()
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
