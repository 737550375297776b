import { isGuestSession } from '../../contract/guest-session.js'
import type { CallOrigin, ClientContext, Credential, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { Keyring } from '../keys/key-service.js'
import type { RevocationService } from '../revocation/revocation-service.js'
import { accessExpiresAt, type SessionService, sessionExpiresAt, sessionState } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import { type ConnectionTokens, createConnectionTokens } from './token-connections.js'
import { checkCookiePair } from './token-cookie-pair.js'
import { type CsrfTokens, createCsrfTokens } from './token-csrf.js'
import { createGuestTokens, type GuestTokens } from './token-guest.js'
import { identityOf, userAnswerOf } from './token-identity.js'
import { looksLikeJwt } from './token-jwt.js'
import { createOpaqueTokens } from './token-opaque.js'
import { refreshSession } from './token-refresh.js'
import type { TokenSettings } from './token-settings.js'
import { createStatelessTokens } from './token-stateless.js'
import { type GuestToken, type IssuedTokens, type RefreshOutcome, type Renewal, secondsUntil } from './token-types.js'

export { readAccessClaims } from '../../crypto/access-token.js'
export { parseToken } from './token-codec.js'
export type { ConnectionTokens, Standing } from './token-connections.js'
export { userAnswerOf } from './token-identity.js'
export { longestJwt, type TokenSettings, tokenSettings } from './token-settings.js'

export interface TokenService extends CsrfTokens, GuestTokens {
  /**
   * Who holds this access token, of either format where the configuration accepts both. The one function behind
   * protected routes, forward auth and the library.
   * @param tenantHeader `X-Tenant-ID`; a tenant other than the token's is refused
   * @param call where it comes from, asked only where sessions are bound to that
   * @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden`, `reauthentication_required`
   */
  authenticate(token: string, tenantHeader: string | null, call: CallOrigin): Promise<Identity>
  /**
   * The same at once, where memory alone can say yes: for the hot path, which then waits for nothing. Null where
   * `authenticate` has to be asked, whatever the reason.
   * @throws SallyportError `forbidden`
   */
  recall(token: string, tenantHeader: string | null): Identity | null
  readonly connections: ConnectionTokens
  /** The session's current pair, and the answer that goes with it. @throws SallyportError `session_revoked`, `token_expired` */
  issue(found: FoundSession): Promise<IssuedTokens>
  /**
   * Exchanges a refresh token for the next pair, see `refreshSession`.
   * @throws SallyportError `invalid_token`, `token_expired`, `token_reused`, `session_revoked`, `forbidden`,
   * `reauthentication_required`, `overloaded`
   */
  refresh(token: string, tenantHeader: string | null, client: ClientContext): Promise<IssuedTokens>
  /**
   * Refuses the refresh cookie of a browser that did not come with its session cookie, where that one cannot be planted.
   * @throws SallyportError `invalid_token`
   */
  checkCookiePair(refreshToken: string, sessionCookies: readonly string[]): void
  /**
   * The access token that is to take the place of the caller's: of the present mode for a browser whose cookie is of the
   * other one; another JWT for a browser or a guest whose own is near its end. Null where it may stay what it is, and
   * at once where nobody has to be asked for that.
   */
  renew(
    credential: Credential,
    identity: Identity,
    request: { readonly client: ClientContext },
  ): Promise<Renewal | null> | null
  /** The caller as the account stands now, by the database: ahead of a write. @throws SallyportError `session_revoked` */
  current(identity: Identity): Promise<Identity>
  /** The same, whatever has just been looked up: after a write. @throws as `current` */
  asStored(identity: Identity): Promise<Identity>
  /** The caller as the account stands by what this node has heard: to be shown. @throws as `current` */
  upToDate(identity: Identity): Promise<Identity>
  /** The same at once, where memory can tell; else null. */
  upToDateAtOnce(identity: Identity): Identity | null
  /**
   * Refuses who has not authenticated for a while; before that the database is asked, whatever the token says.
   * @throws SallyportError `reauthentication_required`, `session_revoked`
   */
  assertRecent(identity: Identity): Promise<void>
  /**
   * What of a JWT needs no session: signature, issuer, audience and times. Notes no use.
   * @throws SallyportError `invalid_token`, `token_expired`
   */
  checkJwt(token: string): Promise<void>
  /** Ends the session of a genuine access token, expired or not. Anything else ends nothing. */
  logout(token: string, client: ClientContext): Promise<void>
  /**
   * Ends what a request presented: the session of its header alone where there is one, since the cookies beside it are
   * somebody else's; otherwise those of its cookies.
   * @returns true where the browser is to forget its cookies
   */
  logoutCaller(caller: PresentedTokens, client: ClientContext): Promise<boolean>
}

/** The access tokens of a request as they came, believed or not. */
export interface PresentedTokens {
  readonly credential: Credential | null
  readonly hasAuthorization: boolean
  /** Every value of the session cookie. */
  readonly sessionCookies: readonly string[]
}

/** A caller as the session was found, with the token that they came with. */
function asFound({ expiresAt, tokenFormat }: Identity, found: FoundSession): Identity {
  return { ...identityOf(found, expiresAt), tokenFormat }
}

/** No honest browser has more of one name. */
const MOST_COOKIES = 4

export function createTokenService(parts: {
  readonly sessions: SessionService
  readonly keyring: Keyring
  readonly revocations: RevocationService
  readonly clock: Clock
  readonly settings: TokenSettings
  /** Hears of every attempt to refresh. */
  readonly onRefresh?: (outcome: RefreshOutcome) => void
}): TokenService {
  const { sessions, settings, clock, onRefresh = () => undefined } = parts
  const { lifetimes } = sessions
  const { mode } = lifetimes
  const opaque = createOpaqueTokens(parts)
  const stateless = createStatelessTokens({ ...parts, assertAlive: opaque.assertAlive })

  function formatOf(token: string): 'stateful' | 'stateless' {
    return looksLikeJwt(token) ? 'stateless' : 'stateful'
  }

  /** Of JWTs it depends on their kind, which is read first. */
  function acceptedOpaque(token: string): string {
    if (!lifetimes.acceptsOpaque) throw new SallyportError('invalid_token')
    return token
  }

  /** Seconds that a cookie lives: the refresh token's remaining life, or none. */
  function cookieMaxAge({ session, now }: FoundSession): number | null {
    return session.remember ? secondsUntil(session.refreshExpiresAt, now) : null
  }

  /** True for a JWT that its holder would soon be left without. @param expiresAt milliseconds since the epoch */
  function isNearEnd(expiresAt: number, lifetime: number): boolean {
    return expiresAt - clock.now() < Math.min(settings.refreshThreshold, lifetime / 2)
  }

  const { renewGuest, ...guests } = createGuestTokens({
    ...parts,
    stateless,
    assertAlive: opaque.assertAlive,
    isNearEnd: (expiresAt) => isNearEnd(expiresAt, settings.guest.lifetime),
  })

  async function accessTokenOf(found: FoundSession, pair: { readonly access: string }) {
    if (mode === 'stateless') return stateless.issue(found, found.session.refreshedAt)
    return { token: pair.access, expiresAt: accessExpiresAt(lifetimes, found.session) }
  }

  async function issue(found: FoundSession): Promise<IssuedTokens> {
    opaque.assertAlive(found)
    const { session, now } = found
    const pair = await opaque.pairOf(session)
    const access = await accessTokenOf(found, pair)
    return {
      accessToken: access.token,
      refreshToken: pair.refresh,
      sessionId: session.id,
      cookieMaxAge: cookieMaxAge(found),
      answer: {
        token_type: 'Bearer',
        expires_in: secondsUntil(access.expiresAt, now),
        expires_at: new Date(access.expiresAt).toISOString(),
        user_id: session.userId,
        user: userAnswerOf(identityOf(found, access.expiresAt)),
        ...(mode === 'stateful' && { session: sessionAnswerOf(found) }),
      },
    }
  }

  function renewalOf({ token, expiresAt, found }: GuestToken): Renewal {
    return { accessToken: token, expiresAt, maxAge: secondsUntil(expiresAt, found.now) }
  }

  /** The token of the present mode for a browser's. @param isOfMode true for a JWT near its end, false for one of the other mode */
  async function exchange(identity: Identity, isOfMode: boolean): Promise<Renewal | null> {
    // Only a token of the session's very last pair needs the database: it ends with the grace where a refresh was missed.
    const read = mode === 'stateful' ? sessions.find : sessions.lookUp
    const found = await read(oneTenant(identity.tenantId), identity.sessionId)
    // Ended by this very request, perhaps: then there is nothing to convert.
    if (found === null || sessionState(found) !== 'live') return null
    const maxAge = cookieMaxAge(found)
    if (mode === 'stateful') {
      const { access } = await opaque.pairOf(found.session)
      return { accessToken: access, expiresAt: accessExpiresAt(lifetimes, found.session), maxAge }
    }
    // An opaque token may outlive its refresh token, and a JWT cannot: then it stays what it is.
    const isShort =
      found.session.refreshExpiresAt < Math.min(found.now + settings.account.lifetime, found.session.absoluteExpiresAt)
    if (!isOfMode && isShort) return null
    const { token: accessToken, expiresAt } = await stateless.issue(found, found.now)
    return isOfMode && expiresAt <= identity.expiresAt ? null : { accessToken, expiresAt, maxAge }
  }

  function sessionAnswerOf({ session }: FoundSession) {
    return {
      id: session.id,
      ip_address: session.ipAddress,
      user_agent: session.userAgent,
      last_activity: new Date(session.lastActivity).toISOString(),
      expires_at: new Date(sessionExpiresAt(lifetimes, session)).toISOString(),
      created_at: new Date(session.createdAt).toISOString(),
    }
  }

  /** The session of a genuine access token of either format. */
  async function sessionOf(
    token: string,
  ): Promise<{ readonly id: string; readonly tenantId: string; readonly userId: string }> {
    if (formatOf(token) === 'stateful') return (await opaque.findGenuine(acceptedOpaque(token), 'access')).found.session
    const { sid, tenant_id, sub } = await stateless.readGenuine(token)
    return { id: sid, tenantId: tenant_id, userId: sub }
  }

  async function current(identity: Identity): Promise<Identity> {
    // An opaque token has just been looked up.
    return identity.tokenFormat === 'opaque' ? identity : asStored(identity)
  }

  async function asStored(identity: Identity): Promise<Identity> {
    const found = await sessions.find(oneTenant(identity.tenantId), identity.sessionId)
    if (found === null) throw new SallyportError('session_revoked')
    opaque.assertAlive(found)
    return asFound(identity, found)
  }

  function upToDateAtOnce(identity: Identity): Identity | null {
    // An opaque token has just been looked up.
    if (identity.tokenFormat === 'opaque') return identity
    const held = sessions.peek(oneTenant(identity.tenantId), identity.sessionId)
    return held === null || sessionState(held) !== 'live' ? null : asFound(identity, held)
  }

  return {
    ...createCsrfTokens(parts),
    ...guests,
    connections: createConnectionTokens({ ...parts, assertAlive: opaque.assertAlive }),
    issue,

    authenticate: async (token, tenantHeader, call) =>
      formatOf(token) === 'stateless'
        ? stateless.authenticate(token, tenantHeader, call)
        : opaque.authenticate(acceptedOpaque(token), tenantHeader, call),

    recall(token, tenantHeader) {
      if (formatOf(token) === 'stateless') return stateless.recall(token, tenantHeader)
      return lifetimes.acceptsOpaque ? opaque.recall(token, tenantHeader) : null
    },

    async refresh(token, tenantHeader, client) {
      try {
        const { found, isRepeat } = await refreshSession({ ...parts, opaque }, { token, tenantHeader }, client)
        const tokens = await issue(found)
        onRefresh(isRepeat ? 'repeated' : 'success')
        return tokens
      } catch (error) {
        onRefresh(error instanceof SallyportError ? error.code : 'internal')
        throw error
      }
    },

    renew({ token, source }, identity, request) {
      if (isGuestSession(identity)) {
        const renewing = renewGuest(identity, request)
        return renewing === null ? null : renewing.then((renewed) => (renewed === null ? null : renewalOf(renewed)))
      }
      if (source !== 'cookie') return null
      const isOfMode = formatOf(token) === mode
      if (isOfMode && (mode === 'stateful' || !isNearEnd(identity.expiresAt, settings.account.lifetime))) return null
      return exchange(identity, isOfMode)
    },

    current,
    asStored,

    upToDateAtOnce,

    async upToDate(identity) {
      const held = upToDateAtOnce(identity)
      if (held !== null) return held
      const found = await sessions.lookUp(oneTenant(identity.tenantId), identity.sessionId)
      // Memory may say yes; before anybody is refused the database is asked.
      return found === null || sessionState(found) !== 'live' ? current(identity) : asFound(identity, found)
    },

    async assertRecent({ tenantId, sessionId, authTime }) {
      const maxAge = settings.recentAuthentication
      if (parts.revocations.databaseNow() - authTime < maxAge) return
      const found = await sessions.find(oneTenant(tenantId), sessionId)
      if (found === null) throw new SallyportError('session_revoked')
      opaque.assertAlive(found)
      if (found.now - found.session.authTime < maxAge) return
      throw new SallyportError('reauthentication_required', { maxAge: Math.floor(maxAge / 1000) })
    },

    checkCookiePair(refreshToken, sessionCookies) {
      if (settings.hasHostCookie) checkCookiePair(refreshToken, sessionCookies)
    },

    checkJwt: (token) => stateless.check(token),

    async logoutCaller({ credential, hasAuthorization, sessionCookies }, client) {
      if (hasAuthorization) {
        if (credential !== null) await this.logout(credential.token, client)
        return false
      }
      // Of several cookies none is known to be the right one; to end a genuine session harms nobody.
      for (const token of sessionCookies.slice(0, MOST_COOKIES)) await this.logout(token, client)
      return true
    },

    async logout(token, client) {
      try {
        const { id, tenantId, userId } = await sessionOf(token)
        await sessions.end(oneTenant(tenantId), id, { reason: 'logout', actorId: userId, client })
      } catch (error) {
        if (!(error instanceof SallyportError) || error.code !== 'invalid_token') throw error
      }
    },
  }
}
