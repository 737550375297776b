import type { Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { RevocationService } from '../revocation/revocation-service.js'
import { accessExpiresAt, type SessionService, sessionState } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import { identityOf } from './token-identity.js'
import { kindOf, type TokenSettings } from './token-settings.js'

/** The holder of a connection that outlives the token it was opened with. */
export interface Standing {
  readonly identity: Identity
  /** True where the token came as a cookie: its holder cannot show another one, and follows the session. */
  readonly viaCookie: boolean
  /** When the connection ends unless its session has been used or refreshed. Milliseconds, by the database's clock. */
  readonly endsAt: number
}

/**
 * What becomes of a connection's holder. An opaque token's lives as long as its session does, whoever uses it. A JWT's
 * ends with the JWT; one that came as a cookie is extended by a refresh of the session, and by its use, by which the
 * browser's own cookie is extended.
 */
export interface ConnectionTokens {
  /** Of a token that was just authenticated. */
  standingOf(identity: Identity, viaCookie: boolean): Standing
  /**
   * Judges one act of the holder as a request would be judged, and notes the use. Undefined where memory vouches for it.
   * Rejects or throws SallyportError `token_expired`, `session_revoked`, `unavailable`.
   */
  confirm(standing: Standing): Promise<void> | undefined
  /**
   * The holder as the database has account and session, with the ends that follow from it.
   * @param sessionId another session of the same user that took the place of the holder's
   * @throws SallyportError `token_expired`, `session_revoked`, `unavailable`
   */
  look(standing: Standing, sessionId?: string): Promise<Standing & { readonly found: FoundSession }>
  /** Why the holder's session is over, as far as anybody knows. */
  reasonOfEnd(standing: Standing): Promise<string>
  /** False where this node has not heard from the database for too long to go on with what is held in memory. */
  canTrust(standing: Standing): boolean
  /** The database's clock, as far as this node knows. */
  now(): number
}

export function createConnectionTokens(parts: {
  readonly sessions: SessionService
  readonly revocations: RevocationService
  readonly settings: TokenSettings
  readonly assertAlive: (found: FoundSession) => void
}): ConnectionTokens {
  const { sessions, revocations, settings, assertAlive } = parts
  const { lifetimes } = sessions
  /** When a use was last noted of the holder of a JWT, which no session in memory tells. */
  const noted = new WeakMap<Identity, number>()

  function standingOf(identity: Identity, viaCookie: boolean): Standing {
    // Idleness is measured with the precision of what is written of it, as for requests.
    const margin = identity.tokenFormat === 'opaque' ? lifetimes.activityInterval : 0
    return { identity, viaCookie, endsAt: identity.expiresAt + margin }
  }

  /** When the holder's access would end over HTTP. */
  function expiresAt({ identity, viaCookie }: Standing, { session }: FoundSession): number {
    const lastUse = sessions.lastUse(session)
    if (identity.tokenFormat === 'opaque') return Math.min(lastUse + lifetimes.idle, session.absoluteExpiresAt)
    if (!viaCookie) return identity.expiresAt
    const issued = accessExpiresAt({ ...lifetimes, mode: 'stateless' }, session)
    const renewed = identity.isGuest ? 0 : lastUse + lifetimes.jwt
    const end = Math.min(Math.max(issued, renewed), session.refreshExpiresAt, session.absoluteExpiresAt)
    return Math.max(identity.expiresAt, end)
  }

  async function confirmOpaque({ identity }: Standing): Promise<void> {
    const { sessionId } = identity
    const scope = oneTenant(identity.tenantId)
    if (revocations.isEnded(sessionId)) throw new SallyportError('session_revoked')
    let found = await sessions.lookUp(scope, sessionId)
    const isHonoured = found !== null && sessionState(found) === 'live' && !sessions.isIdle(found)
    if (!isHonoured) found = await sessions.find(scope, sessionId)
    if (found === null) throw new SallyportError('session_revoked')
    assertAlive(found)
    if (sessions.isIdle(found)) throw new SallyportError('token_expired')
    sessions.noteUse(found.session, found.now)
  }

  async function confirmRecord({ identity }: Standing, find: SessionService['find']): Promise<void> {
    const found = await find(oneTenant(identity.tenantId), identity.sessionId)
    if (found === null) throw new SallyportError('session_revoked')
    assertAlive(found)
  }

  async function confirmFeed({ identity }: Standing): Promise<void> {
    await revocations.catchUp()
    if (revocations.isEnded(identity.sessionId)) throw new SallyportError('session_revoked')
  }

  function noteJwtUse(identity: Identity, now: number): void {
    const last = noted.get(identity) ?? identity.expiresAt - kindOf(settings, identity).lifetime
    if (now - last < lifetimes.activityInterval) return
    const { sessionId: id, tenantId } = identity
    sessions.noteUse({ id, tenantId, lastActivity: last }, Math.floor(now))
    noted.set(identity, now)
  }

  return {
    standingOf,
    now: () => revocations.databaseNow(),

    confirm(standing) {
      const { identity, endsAt } = standing
      const { tenantId, sessionId, tokenFormat } = identity
      if (tokenFormat === 'opaque') {
        const held = revocations.isEnded(sessionId) ? null : sessions.peek(oneTenant(tenantId), sessionId)
        if (held === null || sessionState(held) !== 'live' || sessions.isIdle(held)) return confirmOpaque(standing)
        sessions.noteUse(held.session, held.now)
        return undefined
      }
      const now = revocations.databaseNow()
      if (now >= endsAt) throw new SallyportError('token_expired')
      const { sessionCheck } = kindOf(settings, identity)
      noteJwtUse(identity, now)
      if (sessionCheck === 'none') return undefined
      if (sessionCheck === 'always') return confirmRecord(standing, sessions.find)
      if (sessionCheck === 'record') return confirmRecord(standing, sessions.lookUp)
      return revocations.isFresh() ? undefined : confirmFeed(standing)
    },

    async look(standing, sessionId = standing.identity.sessionId) {
      const { identity, viaCookie } = standing
      const found = await sessions.find(oneTenant(identity.tenantId), sessionId)
      if (found === null || found.session.userId !== identity.userId) throw new SallyportError('session_revoked')
      assertAlive(found)
      const isSuccessor = sessionId !== identity.sessionId
      const tokenFormat = isSuccessor ? (lifetimes.mode === 'stateful' ? 'opaque' : 'jwt') : identity.tokenFormat
      const end = isSuccessor ? accessExpiresAt(lifetimes, found.session) : expiresAt(standing, found)
      const next = standingOf({ ...identityOf(found, end), tokenFormat }, viaCookie)
      if (revocations.databaseNow() >= next.endsAt) throw new SallyportError('token_expired')
      return { ...next, found }
    },

    async reasonOfEnd({ identity }) {
      const reason = sessions.reasonOfEnd(oneTenant(identity.tenantId), identity.sessionId)
      return (await reason.catch(() => null)) ?? 'revoked'
    },

    canTrust: ({ identity }) => {
      const { sessionCheck } = kindOf(settings, identity)
      const mayGoOn = identity.tokenFormat === 'jwt' && (sessionCheck === 'none' || sessionCheck === 'revocations')
      return mayGoOn || revocations.isFresh(TRUST)
    },
  }
}

/** Beyond the staleness that is allowed: for how long what was read of a session is believed, milliseconds. */
const TRUST = 10_000
