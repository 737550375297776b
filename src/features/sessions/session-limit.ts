import { sql } from 'kysely'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import { type EndedSession, notOver, toEnded, wasProven } from './session-store.js'
import type { RevocationReason } from './session-types.js'

/** How many sessions a user may have at a time. */
export interface SessionLimit {
  /** 0: any number. */
  readonly max: number
  /** What becomes of a sign-in past it. */
  readonly onLimit: 'evict_oldest' | 'reject'
}

interface Owner {
  readonly userId: string
  /** Sessions of another version are over. */
  readonly credentialVersion: number
  /** Milliseconds: activity older than this has ended an access token. */
  readonly idleSince: number
  /** Sessions that bypass opened are honoured here. */
  readonly withBypass: boolean
}

/**
 * Lets one sign-in of a user count at a time, until the caller's transaction ends: whoever counts next sees this one's
 * session. SQLite has one writer anyway.
 */
export async function lockUser(scope: OneTenant, db: Queryable, storage: Storage, userId: string): Promise<void> {
  if (storage.dialect === 'sqlite') return
  await db.selectFrom('users').select('id').where(inTenant(scope)).where('id', '=', userId).forNoKeyUpdate().execute()
}

/** True where one session more keeps to the limit. The caller holds the user's lock. */
export async function hasRoom(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  owner: Owner,
  limit: SessionLimit,
): Promise<boolean> {
  const live = await liveSessions(scope, db, storage, owner).limit(limit.max).execute()
  return live.length < limit.max
}

/**
 * Ends the sessions of a user past the limit, those unused for longest, and returns them. Among equals the one
 * opened first ends. The caller holds the user's lock.
 * @param owner `except`: the session just opened, which is one of those that stay
 */
export async function endSessionsPastLimit(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  owner: Owner & { readonly except: string },
  limit: SessionLimit,
): Promise<readonly EndedSession[]> {
  const reason: RevocationReason = 'session_limit'
  const rows = await db
    .updateTable('sessions')
    .set({ revoked_at: storage.now(), revoked_reason: reason })
    .where(inTenant(scope))
    .where('revoked_at', 'is', null)
    .where('id', 'in', () =>
      liveSessions(scope, db, storage, owner)
        .where('id', '!=', owner.except)
        .orderBy('last_activity', 'desc')
        .orderBy('id', 'desc')
        // SQLite knows no offset without a limit.
        .$if(storage.dialect === 'sqlite', (query) => query.limit(sql.lit(-1)))
        .offset(limit.max - 1),
    )
    .returning(['id', 'auth_methods'])
    .execute()
  return rows.map(toEnded)
}

function liveSessions(scope: OneTenant, db: Queryable, storage: Storage, owner: Owner) {
  return db
    .selectFrom('sessions')
    .select('id')
    .where(inTenant(scope))
    .where('user_id', '=', owner.userId)
    .where('credential_version', '=', owner.credentialVersion)
    .where(notOver(storage.now(), owner.idleSince))
    .$if(!owner.withBypass, (query) => query.where(wasProven('auth_methods')))
}
