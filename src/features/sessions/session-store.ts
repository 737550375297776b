import { type RawBuilder, type Selectable, sql } from 'kysely'
import { z } from 'zod'
import { AUTH_METHODS } from '../../contract/identity.js'
import { Memo } from '../../runtime/memo.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { SessionsTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant, TenantScope } from '../../storage/tenant-scope.js'
import type { RevocationReason, SessionRecord, Spend } from './session-types.js'

/** Stands behind the time of a spend whose access token had ended by idleness. */
export const IDLE_MARK = 'i'

export const authMethods = z.array(z.enum(AUTH_METHODS))

/** Nobody reads a longer list of their own devices. */
const LONGEST_LIST = 200

/** `auth_methods` of a session without an account. */
const OF_A_GUEST = JSON.stringify(['guest'])

/** A session that was just ended. */
export interface EndedSession {
  readonly id: string
  readonly isGuest: boolean
}

/** Ends one session, where `userId` is given only if it is that user's. Returns its owner, or null where it is not there or had ended. */
export async function revokeSession(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  id: string,
  reason: RevocationReason,
  userId?: string,
): Promise<(EndedSession & { readonly userId: string }) | null> {
  let query = db
    .updateTable('sessions')
    .set({ revoked_at: storage.now(), revoked_reason: reason })
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
  if (userId !== undefined) query = query.where('user_id', '=', userId)
  const row = await query.returning(['id', 'user_id', 'auth_methods']).executeTakeFirst()
  return row === undefined ? null : { ...toEnded(row), userId: row.user_id }
}

/** Ends the sessions of a user that are not over by themselves, and returns them. */
export async function revokeSessionsOf(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  userId: string,
  options: { readonly except: string | null; readonly reason: RevocationReason; readonly idleSince: number },
): Promise<readonly EndedSession[]> {
  const now = storage.now()
  let query = db
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: options.reason })
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .where(notOver(now, options.idleSince))
  if (options.except !== null) query = query.where('id', '!=', options.except)
  const rows = await query.returning(['id', 'auth_methods']).execute()
  return rows.map(toEnded)
}

export function toEnded(row: Pick<Selectable<SessionsTable>, 'id' | 'auth_methods'>): EndedSession {
  return { id: row.id, isGuest: row.auth_methods === OF_A_GUEST }
}

/** The condition that a session was opened by a proof, and not by bypass. @param column `auth_methods`, qualified where a join needs it */
export function wasProven(column: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} not like '%"bypass"%'`
}

/** The sessions of a user that are not over, newest first, at most `LONGEST_LIST`. */
export async function listSessionsOf(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  userId: string,
  options: { readonly idleSince: number; readonly withBypass: boolean },
): Promise<readonly SessionRecord[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll('sessions')
    .innerJoin('users as u', (join) =>
      join.onRef('u.tenant_id', '=', 'sessions.tenant_id').onRef('u.id', '=', 'sessions.user_id'),
    )
    .where(inTenant(scope, 'sessions.tenant_id'))
    .where('sessions.user_id', '=', userId)
    .where(notOver(storage.now(), options.idleSince))
    .$if(!options.withBypass, (query) => query.where(wasProven('sessions.auth_methods')))
    .whereRef('u.credential_version', '=', 'sessions.credential_version')
    .orderBy('sessions.id', 'desc')
    .limit(LONGEST_LIST)
    .execute()
  return rows.map(toSession)
}

/**
 * Neither revoked nor past its ends. A guest's token does not live by its use.
 * @param idleSince milliseconds: activity older than this has ended the access token
 */
export function notOver(now: RawBuilder<number>, idleSince: number): RawBuilder<boolean> {
  const idle = sql.lit(idleSince)
  return sql<boolean>`(revoked_at is null and absolute_expires_at > ${now} and (refresh_expires_at > ${now} or (auth_methods <> ${OF_A_GUEST} and last_activity + ${idle} > ${now})))`
}

/** `spends` of a row. */
export function toSpends(text: string): readonly Spend[] {
  return text === '' ? NO_SPENDS : text.split(',').map(toSpend)
}

export function spendsText(spends: readonly Spend[]): string {
  return spends.map(({ at, wasIdle }) => `${at}${wasIdle ? IDLE_MARK : ''}`).join(',')
}

function toSpend(text: string): Spend {
  const wasIdle = text.endsWith(IDLE_MARK)
  return { at: Number(wasIdle ? text.slice(0, -IDLE_MARK.length) : text), wasIdle }
}

/** Of texts that many sessions have in common. */
const MOST_SHARED = 10_000
const NO_SPENDS: readonly Spend[] = Object.freeze([])
const shared = new Memo((text) => text, MOST_SHARED)
const methods = new Memo((text) => Object.freeze(authMethods.parse(JSON.parse(text))), MOST_SHARED)

/** What is held of many sessions holds one of each text that they have in common. */
export function sharedText(text: string): string {
  return shared.of(text)
}

export function toSession(row: Selectable<SessionsTable>): SessionRecord {
  return {
    id: row.id,
    tenantId: sharedText(row.tenant_id),
    userId: row.user_id,
    salt: Buffer.from(row.salt).toString('base64'),
    keyId: row.key_id,
    counter: row.counter,
    spends: toSpends(row.spends),
    credentialVersion: row.credential_version,
    remember: row.remember === 1,
    authMethods: methods.of(row.auth_methods),
    authTime: row.auth_time,
    ipAddress: row.ip_address,
    userAgent: row.user_agent === null ? null : sharedText(row.user_agent),
    createdAt: row.created_at,
    lastActivity: row.last_activity,
    refreshedAt: row.refreshed_at,
    refreshExpiresAt: row.refresh_expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
    revokedAt: row.revoked_at,
  }
}

/** Why a session was ended; null where it was not, or is not there any more. */
export async function findRevokedReason(scope: OneTenant, db: Queryable, id: string): Promise<string | null> {
  const row = await db
    .selectFrom('sessions')
    .select('revoked_reason')
    .where(inTenant(scope))
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.revoked_reason ?? null
}
