import { sql } from 'kysely'
import type { Storage } from './storage.js'

/**
 * Takes the lease on `name`, or renews it for its holder, in one statement by the database's clock.
 * @param holder who asks: unique for each node and run
 * @param ttl milliseconds after which anybody else may take it, whatever became of the holder
 * @returns false while somebody else holds it
 */
export async function acquireLease(storage: Storage, name: string, holder: string, ttl: number): Promise<boolean> {
  const taken = await storage.db
    .insertInto('leases')
    .values({ name, holder, expires_at: sql<number>`${storage.now()} + ${ttl}`, last_success_at: null })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({ holder: eb.ref('excluded.holder'), expires_at: eb.ref('excluded.expires_at') }))
        .where((eb) =>
          eb.or([eb('leases.expires_at', '<=', storage.now()), eb('leases.holder', '=', eb.ref('excluded.holder'))]),
        ),
    )
    .returning('name')
    .execute()
  return taken.length === 1
}

/**
 * Ends the lease after work that succeeded, and notes when. A holder whose work failed lets the lease run out.
 * @returns false when the lease had run out before and somebody else may have taken it
 */
export async function completeLease(storage: Storage, name: string, holder: string): Promise<boolean> {
  const completed = await storage.db
    .updateTable('leases')
    .set({ expires_at: storage.now(), last_success_at: storage.now() })
    .where('name', '=', name)
    .where('holder', '=', holder)
    .where('expires_at', '>', storage.now())
    .returning('name')
    .execute()
  return completed.length === 1
}
