import { type Selectable, sql } from 'kysely'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { MailQueueTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { AllTenants, OneTenant } from '../../storage/tenant-scope.js'

export interface NewQueuedRow {
  readonly id: string
  readonly recipient: string
  readonly sealed: Uint8Array
  /** The latest end, milliseconds since the epoch; null: `lifetime` from now. */
  readonly expiresAt: number | null
  /** Milliseconds for which it may be tried, at most. */
  readonly lifetime: number
}

export type ClaimedRow = Selectable<MailQueueTable>

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

/** Messages of one address that wait to be sent are forgotten. */
export async function deleteMailTo(scope: OneTenant, db: Queryable, recipient: string): Promise<void> {
  await db.deleteFrom('mail_queue').where(inTenant(scope)).where('recipient', '=', recipient).execute()
}
