import { hash } from 'node:crypto'
import type { CallOrigin, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { AccessClaims } from '../../crypto/access-claims.js'
import { type Expectations, identityOfClaims, verifyAccessToken } from '../../crypto/access-token.js'
import { recentlyUsed } from '../../runtime/recently-used.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import { permissionsOf } from '../access/access-service.js'
import type { Keyring } from '../keys/key-service.js'
import type { RevocationService } from '../revocation/revocation-service.js'
import { type SessionService, sessionState } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import { identityOf } from './token-identity.js'
import { signAccessToken } from './token-jwt.js'
import { checkTenant, digestOf } from './token-opaque.js'
import { type JwtKind, type JwtSettings, kindOf } from './token-settings.js'
import { type Verified, VerifiedTokens } from './token-verified.js'

/** Access tokens that carry their own facts. */
export interface StatelessTokens {
  /**
   * Who holds this JWT.
   * @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden`, `reauthentication_required`
   */
  authenticate(text: string, tenantHeader: string | null, call: CallOrigin): Promise<Identity>
  /** The same where memory alone can say yes, at once; null where it has to be asked properly. @throws SallyportError `forbidden` */
  recall(text: string, tenantHeader: string | null): Identity | null
  /** The signature, issuer, audience and times alone. @throws SallyportError `invalid_token`, `token_expired` */
  check(text: string): Promise<void>
  /** The claims of a genuine JWT, expired or not. @throws SallyportError `invalid_token` */
  readGenuine(text: string): Promise<AccessClaims>
  /**
   * A JWT for a session. The same for the same pair, so that everybody who presents a spent refresh token gets one answer.
   * @param issuedAt milliseconds since the epoch
   */
  issue(found: FoundSession, issuedAt: number): Promise<{ readonly token: string; readonly expiresAt: number }>
}

const MOST_ISSUED = 10_000
/** Longer than any transaction: until it commits, sessions are read with what it changes, in milliseconds. */
const LONGEST_CHANGE = 60_000

export function createStatelessTokens(parts: {
  readonly sessions: SessionService
  readonly keyring: Keyring
  readonly revocations: RevocationService
  readonly settings: JwtSettings
  /** The one rule for what state a session must be in. */
  readonly assertAlive: (found: FoundSession) => void
}): StatelessTokens {
  const { sessions, keyring, revocations, settings, assertAlive } = parts
  /** Tokens hold the database's times, and are judged by its clock: a node whose own is off signs nobody out. */
  const now = () => revocations.databaseNow()
  const verified = new VerifiedTokens(settings)
  /** ES256 signs the same claims differently each time; who asks again within the grace gets what was given before. */
  const issued = recentlyUsed<string, Promise<string>>(MOST_ISSUED)
  const expected: Expectations = {
    issuer: settings.issuer,
    audience: settings.audience,
    lifetimeOf: (claims) => kindOfClaims(claims).lifetime,
    keyOf: (kid) => keyring.verificationKey(kid),
  }

  function kindOfClaims(claims: AccessClaims): JwtKind {
    return kindOf(settings, { authMethods: claims.auth_methods })
  }

  /** The claims of a genuine token of a kind that is honoured. */
  async function read(...given: Parameters<typeof verifyAccessToken>): Promise<AccessClaims> {
    const claims = await verifyAccessToken(...given)
    if (!kindOfClaims(claims).honoured) throw new SallyportError('invalid_token')
    return claims
  }

  async function verify(text: string, digest: string): Promise<Verified> {
    const generation = keyring.generation()
    const claims = await read(text, expected, now())
    const kind = kindOfClaims(claims)
    const issuedAt = claims.iat * 1000
    const identity = identityOfClaims(
      claims,
      permissionsOf(claims.roles),
      Math.min(claims.exp * 1000, issuedAt + kind.lifetime),
    )
    const bound = { boundTo: claims.bnd, metBy: null }
    const entry: Verified = { digest, identity, kind, issuedAt, generation, notedAt: issuedAt, ...bound }
    verified.set(entry)
    return entry
  }

  /** The check that is never cached. Gives the session where the kind asks for one. */
  async function checkSession({ identity, kind }: Verified): Promise<FoundSession | null> {
    const { sessionId } = identity
    if (kind.sessionCheck === 'none') return null
    if (kind.sessionCheck === 'always')
      return liveSession(identity, await sessions.find(oneTenant(identity.tenantId), sessionId))
    if (kind.sessionCheck === 'record') return recordOf(identity)
    if (!revocations.isFresh()) await revocations.catchUp()
    if (revocations.isEnded(sessionId)) throw new SallyportError('session_revoked')
    return null
  }

  /** The live session of a token. Memory may say yes; before anybody is refused for its state the database is asked. */
  async function recordOf(identity: Identity): Promise<FoundSession> {
    const { tenantId, sessionId } = identity
    if (revocations.isEnded(sessionId)) throw new SallyportError('session_revoked')
    const scope = oneTenant(tenantId)
    const held = sessions.peek(scope, sessionId) ?? (await sessions.lookUp(scope, sessionId))
    const isEnough = held === null || sessionState(held) === 'live'
    return liveSession(identity, isEnough ? held : await sessions.find(scope, sessionId))
  }

  function liveSession({ userId }: Identity, found: FoundSession | null): FoundSession {
    if (found === null || found.session.userId !== userId) throw new SallyportError('session_revoked')
    assertAlive(found)
    return found
  }

  /** A JWT from before the binding says nothing of it: its session does. */
  async function checkBinding(entry: Verified, call: CallOrigin): Promise<void> {
    const { binding } = sessions
    if (!binding.isOn) return
    const seen = binding.seenIn(call)
    if (seen !== null && seen === entry.metBy) return
    const { sessionId: id, tenantId, userId } = entry.identity
    let isMet = binding.isClaimMet(entry.boundTo, id, seen)
    if (isMet === null) {
      const found = await sessions.lookUp(oneTenant(tenantId), id)
      if (found === null) throw new SallyportError('session_revoked')
      isMet = binding.isMet(found.session, seen)
    }
    if (!isMet) return binding.refuse({ id, tenantId, userId }, call)
    entry.metBy = seen
  }

  /** The claims of a token are those of its issue; where the account has changed since, the account counts. */
  async function withFreshClaims(entry: Verified): Promise<Identity> {
    const { identity } = entry
    // A copy: what the host application makes of it stays with that call.
    if (isUnchanged(entry)) return { ...identity }
    return asJwt(
      identity,
      liveSession(identity, await sessions.lookUp(oneTenant(identity.tenantId), identity.sessionId)),
    )
  }

  /** The holder by what memory has of the session, where that is there and live. */
  function asHeld({ identity }: Verified): Identity | null {
    const held = sessions.peek(oneTenant(identity.tenantId), identity.sessionId)
    const isLive = held !== null && held.session.userId === identity.userId && sessionState(held) === 'live'
    return isLive ? asJwt(identity, held) : null
  }

  function isUnchanged({ identity, kind, issuedAt }: Verified): boolean {
    const changedAt = kind.sessionCheck === 'none' ? null : revocations.changedAt(identity.userId)
    // What memory held of the session at the issue was read earlier, by no more than the grace.
    return changedAt === null || changedAt + LONGEST_CHANGE + sessions.lifetimes.reuseGrace < issuedAt
  }

  /** Whom a token names whose kind of check memory can make, and which comes out well; null for all others. */
  function checked(entry: Verified): Identity | null {
    const { identity, kind } = entry
    // A copy: what the host application makes of it stays with that call.
    if (kind.sessionCheck === 'none') return { ...identity }
    if (kind.sessionCheck === 'always' || revocations.isEnded(identity.sessionId)) return null
    if (kind.sessionCheck === 'record') return asHeld(entry)
    if (!revocations.isFresh()) return null
    return isUnchanged(entry) ? { ...identity } : asHeld(entry)
  }

  /** Whom memory alone can vouch for. */
  function recall(digest: string, tenantHeader: string | null): Identity | null {
    if (sessions.binding.isOn) return null
    const entry = verified.get(digest)
    if (entry === null || entry.generation !== keyring.generation()) return null
    const time = now()
    if (time >= entry.identity.expiresAt) return null
    const identity = checked(entry)
    if (identity === null) return null
    checkTenant(tenantHeader, entry.identity.tenantId)
    noteUse(entry, time)
    return identity
  }

  function noteUse(entry: Verified, time: number): void {
    if (time - entry.notedAt < sessions.lifetimes.activityInterval) return
    const { sessionId: id, tenantId } = entry.identity
    sessions.noteUse({ id, tenantId, lastActivity: entry.notedAt }, Math.floor(time))
    entry.notedAt = time
    verified.set(entry)
  }

  function asJwt({ expiresAt }: Identity, found: FoundSession): Identity {
    return { ...identityOf(found, expiresAt), tokenFormat: 'jwt' }
  }

  return {
    async authenticate(text, tenantHeader, call) {
      const digest = digestOf(text)
      const known = recall(digest, tenantHeader)
      if (known !== null) return known
      const remembered = verified.get(digest)
      const entry = remembered?.generation === keyring.generation() ? remembered : await verify(text, digest)
      const { identity } = entry
      const time = now()
      if (time >= identity.expiresAt) throw new SallyportError('token_expired')
      const found = await checkSession(entry)
      checkTenant(tenantHeader, identity.tenantId)
      await checkBinding(entry, call)
      noteUse(entry, time)
      return found === null ? withFreshClaims(entry) : asJwt(identity, found)
    },

    recall: (text, tenantHeader) => recall(digestOf(text), tenantHeader),

    async check(text) {
      await read(text, expected, now())
    },

    readGenuine: (text) =>
      read(text, { ...expected, keyOf: (kid) => keyring.anyKey(kid) }, now(), { evenIfExpired: true }),

    async issue({ session, holder }, issuedAt) {
      const key = await keyring.signingKey()
      const iat = Math.floor(issuedAt / 1000)
      const { lifetime } = kindOf(settings, session)
      const end = Math.min(issuedAt + lifetime, session.refreshExpiresAt, session.absoluteExpiresAt)
      const exp = Math.max(iat + 1, Math.floor(end / 1000))
      const bnd = sessions.binding.claimOf(session)
      const claims: AccessClaims = {
        iss: settings.issuer,
        aud: settings.audience,
        sub: session.userId,
        user_id: session.userId,
        tenant_id: session.tenantId,
        email: holder.email,
        email_verified: holder.emailVerified,
        username: holder.username,
        roles: [...holder.roles],
        is_guest: holder.isGuest,
        user_created_at: new Date(holder.createdAt).toISOString(),
        auth_methods: [...session.authMethods],
        auth_time: Math.floor(session.authTime / 1000),
        sid: session.id,
        ...(bnd !== undefined && { bnd }),
        jti: hash('sha256', `${session.id} ${session.counter} ${iat}`, 'base64url').slice(0, 22),
        iat,
        nbf: iat,
        exp,
      }
      const same = `${key.kid} ${JSON.stringify(claims)}`
      const signing = issued.get(same) ?? signAccessToken(key, claims)
      issued.set(same, signing)
      return { token: await signing, expiresAt: exp * 1000 }
    },
  }
}
