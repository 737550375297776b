import { sql } from 'kysely'
import type { Queryable } from '../../storage/storage.js'
import type { KeysTable } from '../../storage/tables.js'

type Purpose = KeysTable['purpose']

/** Keys serve every tenant, so these functions take no scope. */
export async function listKeys(db: Queryable): Promise<readonly KeysTable[]> {
  return db.selectFrom('keys').selectAll().orderBy('id').execute()
}

export async function insertKey(db: Queryable, key: KeysTable): Promise<void> {
  await db.insertInto('keys').values(key).execute()
}

export async function nextKeyId(db: Queryable): Promise<number> {
  const row = await db
    .selectFrom('keys')
    .select(sql<number>`coalesce(max(id), 0) + 1`.as('next'))
    .executeTakeFirstOrThrow()
  return row.next
}

/** The newest key of that kind in that state. */
export async function findKey(
  db: Queryable,
  purpose: Purpose,
  algorithm: string,
  status: KeysTable['status'],
): Promise<KeysTable | null> {
  const row = await db
    .selectFrom('keys')
    .selectAll()
    .where('purpose', '=', purpose)
    .where('algorithm', '=', algorithm)
    .where('status', '=', status)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  return row ?? null
}

export async function activateKey(db: Queryable, id: number, now: number): Promise<void> {
  await db.updateTable('keys').set({ status: 'active', activated_at: now }).where('id', '=', id).execute()
}

/** Retires the active keys of that kind. @param expiresAt when the last token made with them has expired */
export async function retireActiveKeys(
  db: Queryable,
  purpose: Purpose,
  algorithm: string,
  now: number,
  expiresAt: number,
): Promise<void> {
  await db
    .updateTable('keys')
    .set({ status: 'retired', retired_at: now, expires_at: expiresAt })
    .where('purpose', '=', purpose)
    .where('algorithm', '=', algorithm)
    .where('status', '=', 'active')
    .execute()
}

/**
 * Retires the signing keys of other algorithms that nobody has replaced since `before`: as no node rotates them, none
 * signs with them. Returns what was retired.
 */
export async function retireAbandonedKeys(
  db: Queryable,
  algorithm: string,
  times: { readonly before: number; readonly now: number; readonly expiresAt: number },
): Promise<readonly Pick<KeysTable, 'id' | 'algorithm'>[]> {
  return db
    .updateTable('keys')
    .set({ status: 'retired', retired_at: times.now, expires_at: times.expiresAt })
    .where('purpose', '=', 'signing')
    .where('algorithm', '!=', algorithm)
    .where('status', '!=', 'retired')
    .where((eb) => eb.fn.coalesce('activated_at', 'created_at'), '<', times.before)
    .returning(['id', 'algorithm'])
    .execute()
}

const CHECK_SETTING = 'master_key_check'

/** Makes whoever changes keys wait for each other, on every node: holds until the transaction ends. */
export async function lockKeys(db: Queryable): Promise<void> {
  await db.updateTable('settings').set({ value: sql`value` }).where('name', '=', CHECK_SETTING).execute()
}

/** The master key's check value, or null where none was written. */
export async function findCheckValue(db: Queryable): Promise<string | null> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', CHECK_SETTING).executeTakeFirst()
  return row?.value ?? null
}

/** Writes the master key's check value once; the first writer wins. Returns what is stored. */
export async function settleCheckValue(db: Queryable, value: string): Promise<string> {
  await db
    .insertInto('settings')
    .values({ name: CHECK_SETTING, value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  return (await findCheckValue(db)) ?? value
}
