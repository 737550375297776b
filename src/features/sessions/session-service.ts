import { randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import { isGuestSession } from '../../contract/guest-session.js'
import type { AuthMethod, ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { MasterKey } from '../../crypto/master-key.js'
import type { Clock } from '../../runtime/clock.js'
import { deviceName } from '../../runtime/device-name.js'
import { isUuid, uuidv7 } from '../../runtime/ids.js'
import type { SharedEntries } from '../../storage/shared-entries.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import type { AccessService } from '../access/access-service.js'
import type { AuditService } from '../audit/audit-service.js'
import type { AuditEvent, RecordEvent } from '../audit/audit-types.js'
import type { Revocations } from '../revocation/revocation-service.js'
import type { Change } from '../revocation/revocation-types.js'
import { SessionActivity } from './session-activity.js'
import { prepareAdvanceSession } from './session-advance.js'
import { carryOver, renewAuthentication } from './session-authentication.js'
import { type SessionBinding, UNBOUND } from './session-binding.js'
import { type LookupTier, type RecognisedToken, SessionCache, type TierLookups } from './session-cache.js'
import { createSessionCleanUp } from './session-clean-up.js'
import { countLiveSessions } from './session-count-store.js'
import { prepareInsertSession } from './session-insert.js'
import { forgetDevices, prepareAddDevice } from './session-known-devices.js'
import {
  absoluteLifetime,
  isIdle,
  recentSpends,
  refreshLifetime,
  type SessionLifetimes,
  sessionExpiresAt,
  spendOf,
} from './session-lifetimes.js'
import { endSessionsPastLimit, hasRoom, lockUser, type SessionLimit } from './session-limit.js'
import { prepareFindSession } from './session-lookup.js'
import { SharedSessions } from './session-shared.js'
import {
  type EndedSession,
  findRevokedReason,
  listSessionsOf,
  revokeSession,
  revokeSessionsOf,
} from './session-store.js'
import type { FoundSession, Opening, RevocationReason, SessionRecord } from './session-types.js'

export type { SessionBinding } from './session-binding.js'
export {
  accessExpiresAt,
  isWithinGrace,
  type SessionLifetimes,
  sessionExpiresAt,
  sessionLifetimes,
  sessionState,
  spendOf,
} from './session-lifetimes.js'

export interface NewSignIn {
  readonly userId: string
  /** The version of the credentials that were checked. */
  readonly credentialVersion: number
  /** `guest` alone opens a session of a guest, with its lifetimes. */
  readonly methods: readonly AuthMethod[]
  readonly remember: boolean
  readonly keyId: number
  readonly client: ClientContext
}

export interface SessionService {
  readonly lifetimes: SessionLifetimes
  readonly binding: SessionBinding
  /** Opens a session in the caller's transaction; one past the limit ends others, or is refused. */
  open(scope: OneTenant, tx: Transaction<Tables>, record: RecordEvent, signIn: NewSignIn): Promise<Opening>
  /** Keeps what a user signed in with. True where the user had used other devices and not this one. */
  addDevice(scope: OneTenant, tx: Transaction<Tables>, userId: string, client: ClientContext): Promise<boolean>
  /** Forgets what a user has signed in with. */
  forgetDevices(scope: OneTenant, db: Queryable, userId: string): Promise<void>
  /** Asks the database. */
  find(scope: OneTenant, id: string): Promise<FoundSession | null>
  /** Asks this node's memory, then what the nodes share, and the database only where neither may answer. */
  lookUp(scope: OneTenant, id: string): Promise<FoundSession | null>
  /** Marks as ended, in what the nodes share, the sessions that this node has ended. */
  bury(changes: readonly Change[]): void
  /** What came of the look-ups in each tier on this node. */
  readonly lookups: Readonly<Record<LookupTier, Readonly<TierLookups>>>
  /** What memory may answer by itself. */
  peek(scope: OneTenant, id: string): FoundSession | null
  /** What memory knows of a token, see `SessionCache.recognise`. */
  recognise(place: number, digest: string): RecognisedToken | null
  /** Notes a token of the session whose MAC was found to be right. @param digest SHA-256 of it, a character for each byte */
  mark(session: SessionRecord, token: { readonly digest: string; readonly counter: number }): void
  /** True when the session's access token has been idle for too long; otherwise this use is noted. */
  isIdle(found: FoundSession): boolean
  /** When the session was last used, as far as this node and the database know, milliseconds. */
  lastUse(session: SessionRecord): number
  /** @param session `lastActivity`: the latest that is known to be written */
  noteUse(session: Pick<SessionRecord, 'id' | 'tenantId' | 'lastActivity'>, now: number): void
  /** Spends the current pair of `found`, wherever that was read, and records it. Null where somebody else was first, or the session ended. */
  advance(found: FoundSession, keyId: number, client: ClientContext): Promise<FoundSession | null>
  /**
   * Notes in the caller's transaction that the holder of a session has just proved who they are. False where the session
   * is over, or the account has moved on from the credentials that were checked.
   */
  renewAuthentication(
    scope: OneTenant,
    db: Queryable,
    session: { readonly id: string; readonly userId: string; readonly credentialVersion: number },
  ): Promise<boolean>
  /** Carries a session over to credentials that its holder has just changed. False where it has ended; see `carryOver`. */
  carryOver(
    scope: OneTenant,
    db: Queryable,
    session: { readonly id: string; readonly userId: string },
    credentialVersion: number,
  ): Promise<boolean>
  /** Ends one session. False where there was nothing to end. @param scope of the caller: what lies outside it is not there */
  end(scope: OneTenant, id: string, by: Ending): Promise<boolean>
  /** Ends a family whose spent refresh token came back. */
  endForReuse(found: FoundSession, counter: number, client: ClientContext): Promise<void>
  /** Ends the sessions of a user in the caller's transaction, and returns how many there were. */
  endAll(
    scope: OneTenant,
    db: Queryable,
    record: RecordEvent,
    by: Ending & { readonly except: string | null; readonly userId: string },
  ): Promise<number>
  /** Why the session was ended; null where it was not, or is forgotten. Asks the database. */
  reasonOfEnd(scope: OneTenant, id: string): Promise<string | null>
  list(owner: Pick<Identity, 'tenantId' | 'userId'>): Promise<readonly SessionRecord[]>
  /** How many sessions of all tenants are neither revoked nor over: of a large table an estimate, at bounded cost. */
  countLive(): Promise<number>
  /** When the session ends if it is not used again, milliseconds since the epoch. */
  expiresAt(session: SessionRecord): number
  /** What a person recognises, such as `Firefox on Windows`. */
  deviceName(session: SessionRecord): string
  /** Ends a session of the caller. @throws SallyportError `not_found` for anything that is not the caller's live session */
  revoke(identity: Identity, id: string, client: ClientContext): Promise<void>
  revokeAll(identity: Identity, exceptCurrent: boolean, client: ClientContext): Promise<number>
  /** Writes the activity that is due. */
  flushActivity(everything?: boolean): Promise<void>
  readonly flushPeriod: number
  /** Deletes what ended long ago, one bounded batch. It is through when it has looked at every session. */
  cleanUp(): Promise<{ readonly removed: number; readonly isThrough: boolean }>
}

export interface Ending {
  readonly reason: RevocationReason
  /** Who ends it; null for the system. */
  readonly actorId: string | null
  readonly client: ClientContext | null
  /** Only a session of this user. */
  readonly userId?: string
}

const CACHE_BYTES = 256 * 1024 * 1024
/** Even without a grace a session is not read for every request. */
const MIN_TRUST = 1_000

export function createSessionService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly audit: AuditService
  readonly access: AccessService
  readonly revocations: Revocations
  readonly lifetimes: SessionLifetimes
  /** Default: none. */
  readonly limit?: SessionLimit
  /** Default: none. */
  readonly binding?: SessionBinding
  /** What the sessions in this node's memory may take, estimated. */
  readonly cacheBytes?: number
  /** What the nodes share between memory and database. */
  readonly shared?: { readonly entries: SharedEntries; readonly masterKey: MasterKey } | null
}): SessionService {
  const { storage, clock, audit, access, revocations, lifetimes, cacheBytes = CACHE_BYTES } = parts
  const { limit = { max: 0, onLimit: 'evict_oldest' }, binding = UNBOUND } = parts
  const trust = Math.max(MIN_TRUST, lifetimes.reuseGrace)
  const shared = parts.shared ? new SharedSessions({ ...parts.shared, revocations, clock, trust }) : null
  const columns = { storage, roles: access.rolesColumn() }
  const advance = prepareAdvanceSession(columns, audit)
  const insert = prepareInsertSession(storage)
  const addDevice = prepareAddDevice(storage)
  const cache = new SessionCache({
    find: prepareFindSession(columns, lifetimes.honoursBypass),
    shared,
    revocations,
    clock,
    settings: { trust, maxBytes: cacheBytes },
  })
  const activity = new SessionActivity(storage, lifetimes.activityInterval)
  // What any node honours is not over: its last use may stand unwritten for one interval and until it is written.
  const idleAnywhere = lifetimes.idle + lifetimes.activityInterval + 2 * activity.flushPeriod
  // A JWT never outlives the refresh token; only an opaque token can.
  const idleSince = lifetimes.acceptsOpaque ? idleAnywhere : 0

  async function end(scope: OneTenant, db: Queryable, record: RecordEvent, id: string, by: Ending): Promise<boolean> {
    const owner = await revokeSession(scope, db, storage, id, by.reason, by.userId)
    if (owner === null) return false
    await record(revoked(scope, owner.userId, owner, by))
    return true
  }

  return {
    lifetimes,
    binding,
    find: (scope, id) => cache.read(scope, id),
    bury: (changes) => shared?.bury(changes),
    lookUp: (scope, id) => cache.find(scope, id),
    peek: (scope, id) => cache.peek(scope, id),
    recognise: (place, digest) => cache.recognise(place, digest),
    mark: (session, token) => cache.mark(session, token),
    lookups: cache.lookups,
    flushPeriod: activity.flushPeriod,

    async open(scope, tx, record, signIn) {
      const id = uuidv7(clock.now())
      const { userId, credentialVersion, methods, remember } = signIn
      const kind = { authMethods: methods, remember }
      const owner = { userId, credentialVersion, idleSince, withBypass: lifetimes.honoursBypass }
      if (limit.max > 0) {
        await lockUser(scope, tx, storage, userId)
        const isFull = limit.onLimit === 'reject' && !(await hasRoom(scope, tx, storage, owner, limit))
        if (isFull) return { refused: 'session_limit_reached' }
      }
      const opened = await insert(scope, tx, {
        id,
        userId,
        credentialVersion,
        salt: randomBytes(32),
        keyId: signIn.keyId,
        ...kind,
        ipAddress: signIn.client.ipAddress,
        userAgent: signIn.client.userAgent,
        refreshLifetime: refreshLifetime(lifetimes, kind),
        absoluteLifetime: absoluteLifetime(lifetimes, kind),
      })
      if (!opened) return { refused: 'invalid_credentials' }
      await record({
        type: 'session.created',
        tenantId: scope.tenantId,
        actorId: userId,
        userId,
        sessionId: id,
        client: signIn.client,
        data: { methods: methods.join(' ') },
      })
      if (limit.max > 0) {
        const by: Ending = { reason: 'session_limit', actorId: null, client: signIn.client }
        const ended = await endSessionsPastLimit(scope, tx, storage, { ...owner, except: id }, limit)
        await record(...ended.map((session) => revoked(scope, userId, session, by)))
      }
      return { sessionId: id }
    },

    addDevice: (scope, tx, userId, { userAgent }) => addDevice(scope, tx, userId, deviceName(userAgent)),

    forgetDevices,

    isIdle: (found) => isIdle(lifetimes, activity.lastActivity(found.session), found.now),
    lastUse: (session) => activity.lastActivity(session),
    noteUse: (session, now) => activity.touch(session, now),

    async advance(found, keyId, client) {
      const { session, now } = found
      const scope = oneTenant(session.tenantId)
      const next = {
        id: session.id,
        counter: session.counter,
        keyId,
        spends: recentSpends(session.spends, now, lifetimes.reuseGrace),
        wasIdle: this.isIdle(found),
        refreshLifetime: refreshLifetime(lifetimes, session),
      }
      const event: AuditEvent = {
        type: 'session.refreshed',
        tenantId: session.tenantId,
        actorId: session.userId,
        userId: session.userId,
        sessionId: session.id,
        client,
        ...(isGuestSession(session) && { data: { guest: true } }),
      }
      return cache.change(session.id, () => advance(scope, next, event))
    },

    carryOver: (scope, db, session, version) => carryOver(scope, db, storage, session, version),
    renewAuthentication: (scope, db, session) => renewAuthentication(scope, db, storage, session),

    async end(scope, id, by) {
      activity.forget(id)
      cache.forget(id)
      return audit.transaction((tx, record) => end(scope, tx, record, id, by))
    },

    async endForReuse({ session, now }, counter, client) {
      const scope = oneTenant(session.tenantId)
      const spend = spendOf(session, counter)
      await audit.transaction(async (tx, record) => {
        const by: Ending = { reason: 'refresh_reuse', actorId: null, client }
        // Told once: who comes later finds the family ended.
        if (!(await end(scope, tx, record, session.id, by))) return
        await record({
          type: 'refresh.reused',
          tenantId: session.tenantId,
          actorId: null,
          userId: session.userId,
          sessionId: session.id,
          client,
          data: { counter, current: session.counter, spent_ms_ago: spend === null ? null : now - spend.at },
        })
      })
    },

    async endAll(scope, db, record, { userId, except, ...by }) {
      const ended = await revokeSessionsOf(scope, db, storage, userId, {
        except,
        reason: by.reason,
        // Whatever this node accepts: another one may honour what is left.
        idleSince: idleAnywhere,
      })
      await record(...ended.map((session) => revoked(scope, userId, session, by)))
      return ended.length
    },

    reasonOfEnd: (scope, id) => findRevokedReason(scope, storage.db, id),
    countLive: () => countLiveSessions(allTenants(), storage.db, storage, idleSince),
    expiresAt: (session) => sessionExpiresAt(lifetimes, session),
    deviceName: ({ userAgent }) => deviceName(userAgent),

    async list({ tenantId, userId }) {
      const options = { idleSince, withBypass: lifetimes.honoursBypass }
      const sessions = await listSessionsOf(oneTenant(tenantId), storage.db, storage, userId, options)
      return sessions.map((session) => ({ ...session, lastActivity: activity.lastActivity(session) }))
    },

    async revoke(identity, id, client) {
      const by: Ending = { reason: 'user_request', actorId: identity.userId, client, userId: identity.userId }
      const found = isUuid(id) && (await this.end(oneTenant(identity.tenantId), id, by))
      if (!found) throw new SallyportError('not_found', { detail: 'You have no such session.' })
    },

    async revokeAll(identity, exceptCurrent, client) {
      const scope = oneTenant(identity.tenantId)
      return audit.transaction((tx, record) =>
        this.endAll(scope, tx, record, {
          userId: identity.userId,
          except: exceptCurrent ? identity.sessionId : null,
          reason: 'user_request',
          actorId: identity.userId,
          client,
        }),
      )
    },

    flushActivity: (everything = false) => activity.flush(clock.now(), everything),

    cleanUp: createSessionCleanUp({ storage, audit, lifetimes, idle: idleAnywhere }),
  }
}

function revoked(scope: OneTenant, userId: string, { id: sessionId, isGuest }: EndedSession, by: Ending) {
  return {
    type: 'session.revoked' as const,
    tenantId: scope.tenantId,
    actorId: by.actorId,
    userId,
    sessionId,
    client: by.client,
    data: { reason: by.reason, ...(isGuest && { guest: true }) },
  }
}
