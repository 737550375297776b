import { sql } from 'kysely'
import { z } from 'zod'
import type { Queryable, Storage } from '../../storage/storage.js'

const NAME = 'sessions_active'
const stored = z.object({ count: z.number(), at: z.number() })

/** How many sessions are active, as some node last counted. `age` is milliseconds by the database's clock. */
export interface SharedCount {
  readonly count: number
  readonly age: number
}

/** What was counted last, and the database's time. */
export async function readActiveSessions(
  db: Queryable,
  storage: Storage,
): Promise<{ readonly shared: SharedCount | null; readonly now: number }> {
  const row = await db
    .selectNoFrom((eb) => [
      sql<number>`${storage.now()}`.as('now'),
      eb.selectFrom('settings').select('value').where('name', '=', NAME).as('value'),
    ])
    .executeTakeFirstOrThrow()
  const parsed = row.value === null ? null : stored.safeParse(JSON.parse(row.value))
  const shared = parsed?.success ? { count: parsed.data.count, age: row.now - parsed.data.at } : null
  return { shared, now: row.now }
}

/** @param at the database's time at which it was counted, milliseconds */
export async function writeActiveSessions(db: Queryable, count: number, at: number): Promise<void> {
  const value = JSON.stringify({ count, at })
  await db
    .insertInto('settings')
    .values({ name: NAME, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}
