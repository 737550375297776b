import { type Selectable, sql } from 'kysely'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { MailQueueTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { AllTenants, OneTenant, TenantScope } from '../../storage/tenant-scope.js'

export interface NewQueuedRow {
  readonly id: string
  readonly recipient: string
  readonly sealed: Uint8Array
  /** The latest end, milliseconds since the epoch; null: `lifetime` from now. */
  readonly expiresAt: number | null
  /** Milliseconds for which it may be tried, at most. */
  readonly lifetime: number
}

/** A message that this node alone may send until its claim ends. */
export interface ClaimedRow extends Selectable<MailQueueTable> {
  /** The database's time of the claim. */
  readonly now: number
}

export interface Claim {
  readonly holder: string
  /** Milliseconds after which anybody else may take the message, whatever became of the holder. */
  readonly lease: number
  readonly most: number
}

/** Takes messages that are due, the longest due first. What was taken before comes back when that claim has ended. */
export async function claimMail(_scope: AllTenants, storage: Storage, claim: Claim): Promise<readonly ClaimedRow[]> {
  const due = storage.db
    .selectFrom('mail_queue')
    .select('id')
    .where('due_at', '<=', ago(storage, 0))
    .orderBy('due_at')
    .limit(claim.most)
  return storage.db
    .updateTable('mail_queue')
    .set((eb) => ({
      holder: claim.holder,
      attempts: eb('attempts', '+', 1),
      due_at: sql<number>`${storage.now()} + ${sql.lit(claim.lease)}`,
    }))
    .where('id', 'in', storage.dialect === 'postgres' ? due.forUpdate().skipLocked() : due)
    .returningAll()
    .returning(storage.now().as('now'))
    .execute()
}

/** Ends a message that `holder` has. @returns false where the claim had ended and somebody else has taken it */
export async function deleteClaimed(scope: TenantScope, db: Queryable, id: string, holder: string): Promise<boolean> {
  const row = await db
    .deleteFrom('mail_queue')
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('holder', '=', holder)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Lets a message that `holder` has be taken again. @param delay milliseconds from now */
export async function giveBack(
  scope: TenantScope,
  storage: Storage,
  { id, holder, delay }: { readonly id: string; readonly holder: string; readonly delay: number },
): Promise<void> {
  await storage.db
    .updateTable('mail_queue')
    .set({ holder: null, due_at: sql<number>`${storage.now()} + ${sql.lit(delay)}` })
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('holder', '=', holder)
    .execute()
}

/** How many messages wait, those under way among them. */
export async function countMail(_scope: AllTenants, storage: Storage): Promise<number> {
  const row = await storage.db
    .selectFrom('mail_queue')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export async function insertMail(scope: OneTenant, db: Queryable, storage: Storage, row: NewQueuedRow): Promise<void> {
  const latest = sql<number>`${storage.now()} + ${sql.lit(row.lifetime)}`
  const end = row.expiresAt
  await db
    .insertInto('mail_queue')
    .values({
      id: row.id,
      tenant_id: scope.tenantId,
      recipient: row.recipient,
      sealed: row.sealed,
      attempts: 0,
      holder: null,
      due_at: storage.now(),
      expires_at:
        end === null
          ? latest
          : sql<number>`case when ${latest} < ${sql.lit(end)} then ${latest} else ${sql.lit(end)} end`,
      created_at: storage.now(),
    })
    .execute()
}

/**
 * Counts one request for a message to an address.
 * @param window milliseconds
 * @returns how many there were in its window, with this one
 */
export async function countTarget(
  _scope: OneTenant,
  db: Queryable,
  storage: Storage,
  { key, window }: { readonly key: string; readonly window: number },
): Promise<number> {
  const isOver = sql<boolean>`mail_targets.window_ends_at <= ${storage.now()}`
  const end = sql<number>`${storage.now()} + ${sql.lit(window)}`
  const row = await db
    .insertInto('mail_targets')
    .values({ key, asked: 1, window_ends_at: end })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({
        asked: sql<number>`case when ${isOver} then 1 else mail_targets.asked + 1 end`,
        window_ends_at: sql<number>`case when ${isOver} then ${end} else mail_targets.window_ends_at end`,
      }),
    )
    .returning('asked')
    .executeTakeFirstOrThrow()
  return row.asked
}

/** Removes counts whose window is over, at most `most`. @returns how many */
export async function deleteTargets(_scope: AllTenants, storage: Storage, most: number): Promise<number> {
  const over = storage.db
    .selectFrom('mail_targets')
    .select('key')
    .where('window_ends_at', '<=', ago(storage, 0))
    .limit(most)
  const result = await storage.db.deleteFrom('mail_targets').where('key', 'in', over).executeTakeFirst()
  return Number(result.numDeletedRows)
}
