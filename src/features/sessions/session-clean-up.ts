import type { Selectable } from 'kysely'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { SessionsTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import { allTenants, type TenantScope } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import { type SessionLifetimes, sessionExpiresAt } from './session-lifetimes.js'
import { authMethods } from './session-store.js'
import type { SessionRecord, SessionTimes } from './session-types.js'

/** Ended sessions stay this long at least, so that their tokens are told what happened to them. */
const KEEP_ENDED = 24 * 3_600_000
const KEEP_MARGIN = 3_600_000
const DELETED_AT_ONCE = 500
const LOOKED_AT_AT_ONCE = 2_000
/** Where the next look begins, in `settings`. */
const SWEEP = 'session_sweep'

type Deleted = SessionTimes & Pick<SessionRecord, 'id' | 'tenantId' | 'userId'>

const ENDED_COLUMNS = [
  'id',
  'tenant_id',
  'user_id',
  'auth_methods',
  'last_activity',
  'refreshed_at',
  'refresh_expires_at',
  'absolute_expires_at',
] as const

/**
 * Makes the function that deletes what ended long ago, one bounded batch, and says in the audit log what ended by
 * itself. It is through when nothing is left to do for now.
 * @param idle milliseconds without activity after which no node honours an access token
 */
export function createSessionCleanUp(parts: {
  readonly storage: Storage
  readonly audit: AuditService
  readonly lifetimes: SessionLifetimes
  readonly idle: number
}): () => Promise<{ readonly removed: number; readonly isThrough: boolean }> {
  const { storage, audit, lifetimes, idle } = parts
  const keep = Math.max(KEEP_ENDED, lifetimes.jwt + KEEP_MARGIN)
  return () =>
    audit.transaction(async (tx, record) => {
      const options = { keep, limit: DELETED_AT_ONCE }
      const revoked = await deleteEndedSessions(allTenants(), tx, storage, { ...options, ended: 'revoked' })
      const ended = await deleteEndedSessions(allTenants(), tx, storage, { ...options, ended: 'expired' })
      const { deleted, isThrough } = await sweepSessions(allTenants(), tx, storage, {
        keep,
        idle,
        limit: LOOKED_AT_AT_ONCE,
      })
      const expired = [...ended, ...deleted].map((session) => ({
        type: 'session.expired' as const,
        tenantId: session.tenantId,
        actorId: null,
        userId: session.userId,
        sessionId: session.id,
        client: null,
        // Found out late, at a clean-up: this is when.
        data: { ended_at: new Date(sessionExpiresAt(lifetimes, session)).toISOString() },
      }))
      await record(...expired)
      return { removed: revoked.length + expired.length, isThrough }
    })
}

/**
 * Deletes sessions that were revoked or reached their absolute end longer ago than `keep` milliseconds, at most
 * `limit`, oldest end first. `ended` tells the two indexes apart; both statements are bounded.
 */
export async function deleteEndedSessions(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  options: { readonly keep: number; readonly limit: number; readonly ended: 'revoked' | 'expired' },
): Promise<readonly Deleted[]> {
  const end = options.ended === 'revoked' ? 'revoked_at' : 'absolute_expires_at'
  const rows = await db
    .deleteFrom('sessions')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .select('id')
        .where(inTenant(scope))
        // What was revoked after its end is kept as long as anything revoked, and did not expire.
        .where('revoked_at', options.ended === 'revoked' ? 'is not' : 'is', null)
        .where(end, '<=', ago(storage, options.keep))
        .orderBy(end)
        .limit(options.limit),
    )
    .returning(ENDED_COLUMNS)
    .execute()
  return rows.map(toDeleted)
}

/**
 * Looks at the next `limit` sessions in the order of their ids, and deletes those whose access and refresh tokens both
 * ended longer ago than `keep`. Every refresh and every use moves these ends, so they have no index that each would have
 * to write: the table is walked instead, page by page, from where the last look ended on whichever node.
 */
export async function sweepSessions(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  options: { readonly keep: number; readonly idle: number; readonly limit: number },
): Promise<{ readonly deleted: readonly Deleted[]; readonly isThrough: boolean }> {
  const mark = await db.selectFrom('settings').select('value').where('name', '=', SWEEP).executeTakeFirst()
  const after = mark?.value ?? ''
  const page = db.selectFrom('sessions').select('id').where('id', '>', after).orderBy('id').limit(options.limit)
  const { last, looked } = await db
    .selectFrom(page.as('page'))
    .select((eb) => [eb.fn.max('id').as('last'), eb.fn.countAll<number>().as('looked')])
    .executeTakeFirstOrThrow()
  const isThrough = Number(looked) < options.limit
  const next = isThrough ? '' : last
  if (next !== after) {
    await db
      .insertInto('settings')
      .values({ name: SWEEP, value: next })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: next }))
      .execute()
  }
  const rows = await db
    .deleteFrom('sessions')
    .where(inTenant(scope))
    .where('id', '>', after)
    .where('id', '<=', last ?? after)
    .where('revoked_at', 'is', null)
    .where('refresh_expires_at', '<=', ago(storage, options.keep))
    .where('last_activity', '<=', ago(storage, options.keep + options.idle))
    .returning(ENDED_COLUMNS)
    .execute()
  return { deleted: rows.map(toDeleted), isThrough }
}

function toDeleted(row: Pick<Selectable<SessionsTable>, (typeof ENDED_COLUMNS)[number]>): Deleted {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    authMethods: authMethods.parse(JSON.parse(row.auth_methods)),
    lastActivity: row.last_activity,
    refreshedAt: row.refreshed_at,
    refreshExpiresAt: row.refresh_expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
  }
}
