import { sql } from 'kysely'
import type { Queryable } from '../../storage/storage.js'
import type { KeysTable } from '../../storage/tables.js'

/** Keys serve every tenant, so these functions take no scope. */
export async function listKeys(db: Queryable, purpose: KeysTable['purpose']): Promise<readonly KeysTable[]> {
  return db.selectFrom('keys').selectAll().where('purpose', '=', purpose).orderBy('id').execute()
}

/** Adds a key unless its id is taken, as when another node was first. */
export async function insertKeyIfAbsent(db: Queryable, key: KeysTable): Promise<void> {
  await db
    .insertInto('keys')
    .values(key)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

export async function nextKeyId(db: Queryable): Promise<number> {
  const row = await db
    .selectFrom('keys')
    .select(sql<number>`coalesce(max(id), 0) + 1`.as('next'))
    .executeTakeFirstOrThrow()
  return row.next
}

/** Writes a setting once; the first writer wins. Returns what is stored. */
export async function settleSetting(db: Queryable, name: string, value: string): Promise<string> {
  await db
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirstOrThrow()
  return row.value
}
