import type { Transaction } from 'kysely'
import { assertGuest, isGuestSession } from '../../contract/guest-session.js'
import type { CallOrigin, ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { isUuid, uuidv7 } from '../../runtime/ids.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, oneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import type { AccessService } from '../access/access-service.js'
import type { AuditService, CommitHook } from '../audit/audit-service.js'
import type { AuditEvent, RecordEvent } from '../audit/audit-types.js'
import type { Keyring } from '../keys/key-service.js'
import type { PasswordService } from '../passwords/password-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { TokenService } from '../tokens/token-service.js'
import { type GuestToken, type IssuedTokens, secondsUntil } from '../tokens/token-types.js'
import type { UserService } from '../users/user-service.js'
import type { CompleteUpgrade, VerificationService } from '../verification/verification-service.js'
import { guestNames } from './guest-names.js'
import {
  claimName,
  deleteEndedGuests,
  deleteGuest,
  endGuests,
  extendGuest,
  findGuest,
  keepName,
} from './guest-store.js'
import type { Guest, GuestSession, GuestValidation } from './guest-types.js'

export interface GuestService {
  /** False where nobody becomes a guest, and no guest's token is honoured. */
  readonly enabled: boolean
  /** Makes a guest: a name, an id, and a session. @throws SallyportError `not_found` (there are no guests here), `invalid_request` */
  create(tenant: NamedTenant, client: ClientContext): Promise<GuestSession>
  /** The caller, where it is a guest. @throws SallyportError what `TokenService.authenticate` throws; `invalid_token` for anybody with an account */
  authenticate(token: string, tenantHeader: string | null, call: CallOrigin): Promise<Identity>
  /**
   * What the record of a guest's session says, once its token has been verified.
   * @throws SallyportError `session_revoked`; `invalid_token` for anybody with an account
   */
  validate(identity: Identity): Promise<GuestValidation>
  /** Both at once, where memory alone can say yes; else null. @throws SallyportError `forbidden` (another tenant is named) */
  recall(token: string, tenantHeader: string | null): GuestValidation | null
  /** Extends the session, and gives its next token. @throws SallyportError `session_revoked`, `token_expired`, `invalid_token` */
  refresh(identity: Identity, client: ClientContext): Promise<GuestSession>
  /** Ends the session, frees the name and forgets the guest. @throws SallyportError `session_revoked`, `invalid_token` */
  end(identity: Identity, client: ClientContext): Promise<void>
  /**
   * Makes an account of the guest, with the tenant's default role. User id and name stay; the guest's session ends, and
   * a new one is signed in. Of several at once exactly one succeeds. Null where the address must prove itself first: until
   * then the guest goes on, and it is the same for an address that has an account.
   * @throws SallyportError `email_taken` and nothing is changed; `session_revoked`, `invalid_token`, `forbidden`
   * (registration is not open), `weak_password`, `breached_password`, `overloaded`
   */
  upgrade(
    identity: Identity,
    account: { readonly email: string; readonly password: string },
    client: ClientContext,
  ): Promise<IssuedTokens | null>
  /** Who bears an id or a name that a guest was given; null once the session is over, unless there is an account. */
  find(scope: TenantScope, by: { readonly userId: string } | { readonly username: string }): Promise<Guest | null>
  /** Keeps the ends of guests beside those of their sessions: in the transaction that records what became of a session. */
  readonly follow: CommitHook
  /** Deletes guests whose session ended, one bounded batch. Returns how many went. */
  cleanUp(): Promise<number>
}

function validation(identity: Identity, { session, now }: FoundSession): GuestValidation {
  return { identity, createdAt: session.createdAt, lastAccessed: Math.floor(now) }
}

const CLEAN_UP_BATCH = 500
/** Longer than any transaction that still extends a session at its very end, milliseconds. */
const KEEP_ENDED = 60_000

export function createGuestService(parts: {
  readonly enabled: boolean
  readonly storage: Storage
  readonly clock: Clock
  readonly audit: AuditService
  readonly tenants: TenantService
  readonly users: UserService
  readonly access: AccessService
  readonly keyring: Keyring
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly signIn: SignInService
  readonly passwords: PasswordService
  readonly verification: VerificationService
}): GuestService {
  const { enabled, storage, clock, audit, tenants, users, access, keyring, sessions, tokens, signIn, passwords } = parts
  const { verification } = parts

  async function claim(scope: OneTenant, tx: Transaction<Tables>, userId: string): Promise<string> {
    for (const username of guestNames()) {
      const lifetime = Math.min(sessions.lifetimes.guest.token, sessions.lifetimes.guest.absolute)
      if (await claimName(scope, tx, storage, { userId, username, lifetime })) return username
    }
    throw new SallyportError('overloaded', { detail: 'There is no name to be had. Try again.', retryAfter: 1 })
  }

  async function open(scope: OneTenant, tx: Transaction<Tables>, record: RecordEvent, client: ClientContext) {
    const userId = uuidv7(clock.now())
    const username = await claim(scope, tx, userId)
    await users.createGuest(scope, tx, { id: userId, username })
    const event = { tenantId: scope.tenantId, actorId: userId, userId, sessionId: null, client }
    await record({ ...event, type: 'guest.created', data: { username } })
    const opening = await sessions.open(scope, tx, record, {
      userId,
      credentialVersion: 1,
      methods: ['guest'],
      remember: true,
      keyId: keyring.activeSessionKey().id,
      client,
    })
    if ('refused' in opening) throw new Error('a guest was changed in the transaction that made it')
    return opening.sessionId
  }

  function sessionOf({ token, expiresAt, found: { session, holder, now } }: GuestToken): GuestSession {
    return {
      sessionId: session.id,
      token,
      username: holder.username,
      playerUuid: session.userId,
      expiresAt,
      cookieMaxAge: secondsUntil(expiresAt, now),
    }
  }

  /** Null where somebody else was first with the same guest: another upgrade, an end, a clean-up. */
  async function giveAccount(
    tx: Transaction<Tables>,
    record: RecordEvent,
    { tenantId, userId, role, client, ...account }: Parameters<CompleteUpgrade>[2],
  ): Promise<number | null> {
    const scope = oneTenant(tenantId)
    const credentialVersion = await users.giveAccount(scope, tx, userId, account)
    if (credentialVersion === null) return null
    const by = { reason: 'guest_upgraded', actorId: userId, client } as const
    if ((await sessions.endAll(scope, tx, record, { ...by, userId, except: null })) === 0) {
      throw new SallyportError('session_revoked')
    }
    await keepName(scope, tx, userId)
    await access.grant(scope, tx, record, { userId, role, actorId: null, client })
    return credentialVersion
  }

  verification.onGuestProved(async (tx, record, account) => {
    if ((await giveAccount(tx, record, account)) === null) return false
    const { tenantId, userId, client } = account
    await record({ type: 'guest.upgraded', tenantId, actorId: userId, userId, sessionId: null, client })
    return true
  })

  return {
    enabled,

    async create(named, client) {
      if (!enabled) throw new SallyportError('not_found', { detail: 'There are no guest sessions here.' })
      const { scope } = await tenants.existing(named)
      const sessionId = await audit.transaction((tx, record) => open(scope, tx, record, client))
      const found = await sessions.find(scope, sessionId)
      if (found === null) throw new Error('a session that was just committed is not there')
      return sessionOf(await tokens.issueGuest(found))
    },

    async authenticate(token, tenantHeader, call) {
      const identity = await tokens.authenticate(token, tenantHeader, call)
      assertGuest(identity)
      return identity
    },

    async validate(identity) {
      assertGuest(identity)
      const scope = oneTenant(identity.tenantId)
      const { sessionId } = identity
      const found = sessions.peek(scope, sessionId) ?? (await sessions.lookUp(scope, sessionId))
      if (found === null) throw new SallyportError('session_revoked')
      return validation(identity, found)
    },

    recall(token, tenantHeader) {
      const identity = tokens.recall(token, tenantHeader)
      if (identity === null || !isGuestSession(identity)) return null
      const held = sessions.peek(oneTenant(identity.tenantId), identity.sessionId)
      return held && validation(identity, held)
    },

    async refresh(identity, client) {
      assertGuest(identity)
      return sessionOf(await tokens.refreshGuest(identity, client))
    },

    async end(identity, client) {
      assertGuest(identity)
      const { tenantId, userId, sessionId } = identity
      const isEnded = await audit.transaction(async (tx, record) => {
        if (!(await deleteGuest(oneTenant(tenantId), tx, userId))) return false
        const event = { tenantId, actorId: userId, userId, sessionId, client, data: { reason: 'user_request' } }
        await record({ ...event, type: 'session.revoked' }, { ...event, type: 'guest.removed' })
        return true
      })
      if (!isEnded) throw new SallyportError('session_revoked')
    },

    async upgrade(identity, { email, password }, client) {
      assertGuest(identity)
      const { tenantId, userId, username } = identity
      const { scope, tenant } = await tenants.existing({ body: tenantId, header: null })
      const passwordHash = await passwords.hashForRegistration(scope, tenant, { email, username, password }, client)
      const account = { email, passwordHash, role: tenant.defaultRole }
      if (verification.mode === 'required') {
        const upgrade = { ...account, guest: { id: userId, username }, owner: await users.findForSignIn(scope, email) }
        await audit.transaction((tx) => verification.beginGuest(scope, tx, upgrade, client))
        return null
      }
      const sessionId = await audit.transaction(async (tx, record) => {
        const credentialVersion = await giveAccount(tx, record, { ...account, tenantId, userId, client })
        if (credentialVersion === null) return null
        const user = await users.read(scope, tx, userId)
        if (user !== null) await verification.begin(scope, tx, user, client)
        const proven = { userId, credentialVersion, methods: ['password'], remember: true, client } as const
        const opening = await signIn.open(scope, tx, record, proven)
        if ('refused' in opening) throw new Error('an account was changed in the transaction that made it')
        const event = { tenantId, actorId: userId, userId, sessionId: opening.sessionId, client }
        await record({ ...event, type: 'guest.upgraded', data: { from_session: identity.sessionId } })
        return opening.sessionId
      })
      if (sessionId === null) throw new SallyportError('session_revoked')
      return signIn.finish(scope, sessionId, client)
    },

    async find(scope, by) {
      if ('userId' in by && !isUuid(by.userId)) return null
      return findGuest(scope, storage.db, storage, by)
    },

    follow: {
      concerns: ({ data }) => data?.['guest'] === true,
      async write(tx, events) {
        const ofGuests = events.filter(({ data }) => data?.['guest'] === true)
        const ended = ofGuests.flatMap(({ type, userId }) => (type === 'session.revoked' && userId ? [userId] : []))
        if (ended.length > 0) await endGuests(allTenants(), tx, storage, ended)
        for (const { type, tenantId, sessionId } of ofGuests) {
          if (type === 'session.refreshed' && sessionId) await extendGuest(oneTenant(tenantId), tx, sessionId)
        }
      },
    },

    async cleanUp() {
      return audit.transaction(async (tx, record) => {
        const deleted = await deleteEndedGuests(allTenants(), tx, storage, { keep: KEEP_ENDED, limit: CLEAN_UP_BATCH })
        await record(
          ...deleted.flatMap(({ tenantId, userId, sessionId, wasRevoked, endedAt }): AuditEvent[] => {
            const event = { tenantId, actorId: null, userId, sessionId, client: null }
            const removed = {
              ...event,
              type: 'guest.removed',
              data: { reason: wasRevoked ? 'ended' : 'expired' },
            } as const
            if (wasRevoked || sessionId === null) return [removed]
            const data = { ended_at: new Date(endedAt).toISOString() }
            return [{ ...event, type: 'session.expired', data }, removed]
          }),
        )
        return deleted.length
      })
    },
  }
}
