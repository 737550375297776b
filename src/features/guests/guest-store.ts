import { sql } from 'kysely'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant, TenantScope } from '../../storage/tenant-scope.js'
import type { Guest } from './guest-types.js'

/** Claims a name for somebody who is added in the same transaction. False where the tenant has somebody of that name. */
export async function claimName(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  guest: { readonly userId: string; readonly username: string; readonly lifetime: number },
): Promise<boolean> {
  const row = await db
    .insertInto('guests')
    .values({
      user_id: guest.userId,
      tenant_id: scope.tenantId,
      username: guest.username,
      expires_at: sql<number>`${storage.now()} + ${sql.lit(guest.lifetime)}`,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'username']).doNothing())
    .returning('user_id')
    .executeTakeFirst()
  return row !== undefined
}

/** From now on the name belongs to an account, and no clean-up takes it away. */
export async function keepName(scope: OneTenant, db: Queryable, userId: string): Promise<void> {
  await db
    .updateTable('guests')
    .set({ expires_at: null })
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .execute()
}

/** Notes that the sessions of guests were ended. */
export async function endGuests(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  userIds: readonly string[],
): Promise<void> {
  await db
    .updateTable('guests')
    .set({ expires_at: storage.now() })
    .where(inTenant(scope))
    .where('user_id', 'in', userIds)
    .where('expires_at', '>', storage.now())
    .execute()
}

/** Notes the new end of a guest's session that was extended in the same transaction. */
export async function extendGuest(scope: OneTenant, db: Queryable, sessionId: string): Promise<void> {
  await db
    .updateTable('guests')
    .from('sessions as s')
    .set((eb) => ({ expires_at: eb.ref('s.refresh_expires_at') }))
    .where(inTenant(scope, 'guests.tenant_id'))
    .where(inTenant(scope, 's.tenant_id'))
    .where('s.id', '=', sessionId)
    .whereRef('guests.user_id', '=', 's.user_id')
    .where('guests.expires_at', 'is not', null)
    .execute()
}

/** The bearer of a name that was given to a guest, by one of the two; nobody whose session is over. */
export async function findGuest(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  by: { readonly userId: string } | { readonly username: string },
): Promise<Guest | null> {
  const [column, value] = 'userId' in by ? (['g.user_id', by.userId] as const) : (['g.username', by.username] as const)
  const row = await db
    .selectFrom('guests as g')
    .innerJoin('users as u', (join) => join.onRef('u.tenant_id', '=', 'g.tenant_id').onRef('u.id', '=', 'g.user_id'))
    .select(['u.id', 'u.tenant_id', 'u.username', 'u.is_guest', 'u.created_at'])
    .where(inTenant(scope, 'g.tenant_id'))
    .where(column, '=', value)
    // An account may have taken another name since; then the old one is nobody's.
    .$if('username' in by, (query) => query.whereRef('u.username', '=', 'g.username'))
    .where((eb) => eb.or([eb('g.expires_at', 'is', null), eb('g.expires_at', '>', storage.now())]))
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    playerUuid: row.id,
    tenantId: row.tenant_id,
    username: row.username,
    isGuest: row.is_guest === 1,
    createdAt: row.created_at,
  }
}

/** Deletes a guest with session and name. False where there is none of that id, or one with an account. */
export async function deleteGuest(scope: OneTenant, db: Queryable, userId: string): Promise<boolean> {
  const row = await db
    .deleteFrom('users')
    .where(inTenant(scope))
    .where('id', '=', userId)
    .where('is_guest', '=', 1)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** A guest who was deleted, with the session where its record was still there. */
export interface DeletedGuest {
  readonly tenantId: string
  readonly userId: string
  readonly sessionId: string | null
  readonly wasRevoked: boolean
  /** Milliseconds since the epoch. */
  readonly endedAt: number
}

/**
 * Deletes guests whose session ended longer ago than `keep` milliseconds, at most `limit`, oldest end first. That
 * somebody is a guest still is looked at by the statement that deletes: who has just got an account stays.
 */
export async function deleteEndedGuests(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  options: { readonly keep: number; readonly limit: number },
): Promise<readonly DeletedGuest[]> {
  const isOver = sql<boolean>`g.expires_at <= ${ago(storage, options.keep)}`
  const ended = await db
    .selectFrom('guests as g')
    .leftJoin('sessions as s', (join) =>
      join.onRef('s.tenant_id', '=', 'g.tenant_id').onRef('s.user_id', '=', 'g.user_id'),
    )
    .select(['g.user_id', 'g.tenant_id', 'g.expires_at', 's.id as session_id', 's.revoked_at'])
    .where(inTenant(scope, 'g.tenant_id'))
    .where(isOver)
    .orderBy('g.expires_at')
    .limit(options.limit)
    .execute()
  if (ended.length === 0) return []
  const deleted = await db
    .deleteFrom('users')
    .where(inTenant(scope))
    .where(
      'id',
      'in',
      ended.map(({ user_id }) => user_id),
    )
    .where('is_guest', '=', 1)
    .where((eb) =>
      eb.exists(eb.selectFrom('guests as g').select('g.user_id').whereRef('g.user_id', '=', 'users.id').where(isOver)),
    )
    .returning('id')
    .execute()
  const ids = new Set(deleted.map(({ id }) => id))
  return ended
    .filter(({ user_id }) => ids.has(user_id))
    .map((row) => ({
      tenantId: row.tenant_id,
      userId: row.user_id,
      sessionId: row.session_id,
      wasRevoked: row.revoked_at !== null,
      endedAt: row.expires_at ?? 0,
    }))
}
