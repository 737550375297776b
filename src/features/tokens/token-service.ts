import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { equalInConstantTime } from '../../crypto/constant-time.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { Keyring } from '../keys/key-service.js'
import type { SessionService } from '../sessions/session-service.js'
import { accessExpiresAt, sessionExpiresAt, sessionState, spentAt } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import {
  csrfKeyId,
  encodeCsrfToken,
  encodePair,
  isGenuine,
  type ParsedToken,
  parseToken,
  type TokenKind,
} from './token-codec.js'
import { identityOf, userAnswerOf } from './token-identity.js'
import type { IssuedTokens } from './token-types.js'

export interface TokenService {
  /**
   * Who holds this access token. The one function behind protected routes, forward auth and the library.
   * @param tenantHeader `X-Tenant-ID`; a tenant other than the token's is refused
   * @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden`
   */
  authenticate(token: string, tenantHeader: string | null): Promise<Identity>
  /** The session's current pair, and the answer that goes with it. */
  issue(found: FoundSession): Promise<IssuedTokens>
  /**
   * Exchanges a refresh token for the next pair. Presented again within the grace, it gives the family's current pair;
   * later, it ends the family (RFC 9700 §4.14.2).
   * @throws SallyportError `invalid_token`, `token_expired`, `token_reused`, `session_revoked`
   */
  refresh(token: string, client: ClientContext): Promise<IssuedTokens>
  /** Ends the session of a genuine access token, expired or not. Anything else ends nothing. */
  logout(token: string, client: ClientContext): Promise<void>
  csrfToken(identity: Identity): Promise<string>
  /** True where `csrfToken` is the one of the caller's session. */
  verifyCsrfToken(identity: Identity, csrfToken: string): Promise<boolean>
}

/** Losing the race for a pair is answered by looking again; nobody loses more often than this. */
const REFRESH_ATTEMPTS = 5

export function createTokenService(parts: {
  readonly sessions: SessionService
  readonly keyring: Keyring
}): TokenService {
  const { sessions, keyring } = parts
  const { lifetimes } = sessions

  /** The session of a genuine token of that kind, whatever state it is in. */
  async function findGenuine(
    text: string,
    kind: TokenKind,
  ): Promise<{ readonly token: ParsedToken; readonly found: FoundSession }> {
    const token = parseToken(text)
    if (token === null || token.kind !== kind) throw new SallyportError('invalid_token')
    const found = await sessions.find(oneTenant(token.tenantId), token.sessionId)
    const key = await keyring.sessionKey(token.keyId)
    if (found === null || key === null || !isGenuine(token, key, found.session.salt))
      throw new SallyportError('invalid_token')
    // Genuine yet ahead of the session: the database was restored from a backup older than the token.
    if (token.counter > found.session.counter) throw new SallyportError('invalid_token')
    return { token, found }
  }

  function assertAlive(found: FoundSession): void {
    const state = sessionState(found)
    if (state === 'revoked') throw new SallyportError('session_revoked')
    if (state === 'expired') throw new SallyportError('token_expired')
  }

  function isInGrace(found: FoundSession, counter: number): boolean {
    const spent = spentAt(found.session, counter)
    return spent !== null && found.now - spent < lifetimes.reuseGrace
  }

  async function issue(found: FoundSession): Promise<IssuedTokens> {
    const { session, now } = found
    const key = await keyring.sessionKey(session.keyId)
    if (key === null) throw new Error(`session key ${session.keyId} is missing`)
    const pair = encodePair(key, session.salt, {
      tenantId: session.tenantId,
      sessionId: session.id,
      counter: session.counter,
    })
    const expiresAt = accessExpiresAt(lifetimes, session)
    return {
      accessToken: pair.access,
      refreshToken: pair.refresh,
      cookieMaxAge: session.remember ? Math.max(0, Math.floor((session.refreshExpiresAt - now) / 1000)) : null,
      answer: {
        token_type: 'Bearer',
        // Rounded up: the milliseconds between the commit and this answer are no second of the token's life.
        expires_in: Math.max(0, Math.ceil((expiresAt - now) / 1000)),
        expires_at: new Date(expiresAt).toISOString(),
        user_id: session.userId,
        user: userAnswerOf(identityOf(found, expiresAt)),
        session: {
          id: session.id,
          ip_address: session.ipAddress,
          user_agent: session.userAgent,
          last_activity: new Date(session.lastActivity).toISOString(),
          expires_at: new Date(sessionExpiresAt(lifetimes, session)).toISOString(),
          created_at: new Date(session.createdAt).toISOString(),
        },
      },
    }
  }

  /** The CSRF token of the caller's session under the key of that id; null where there is no such key or session. */
  async function csrfTokenUnder(keyId: number, identity: Identity): Promise<string | null> {
    const key = await keyring.sessionKey(keyId)
    const found = await sessions.find(oneTenant(identity.tenantId), identity.sessionId)
    return key === null || found === null ? null : encodeCsrfToken(key, found.session.salt, found.session.id)
  }

  return {
    issue,

    async authenticate(text, tenantHeader) {
      const { token, found } = await findGenuine(text, 'access')
      assertAlive(found)
      if (token.counter < found.session.counter && !isInGrace(found, token.counter))
        throw new SallyportError('token_expired')
      if (sessions.isIdle(found)) throw new SallyportError('token_expired')
      if (tenantHeader !== null && tenantHeader.toLowerCase() !== found.session.tenantId) {
        throw new SallyportError('forbidden', { detail: 'The token belongs to another tenant than X-Tenant-ID names.' })
      }
      sessions.noteUse(found)
      return identityOf(found, Math.min(found.now + lifetimes.idle, found.session.absoluteExpiresAt))
    },

    async refresh(text, client) {
      for (let attempt = 0; attempt < REFRESH_ATTEMPTS; attempt++) {
        const { token, found } = await findGenuine(text, 'refresh')
        assertAlive(found)
        const isCurrent = token.counter === found.session.counter
        if (!isCurrent && !isInGrace(found, token.counter)) {
          await sessions.endForReuse(found, token.counter, client)
          throw new SallyportError('token_reused')
        }
        if (found.now >= found.session.refreshExpiresAt) throw new SallyportError('token_expired')
        if (!isCurrent) return issue(found)
        if (!(await sessions.advance(found, keyring.activeSessionKey().id, client))) continue
        const advanced = await sessions.find(oneTenant(token.tenantId), token.sessionId)
        if (advanced !== null) return issue(advanced)
      }
      throw new SallyportError('overloaded', { retryAfter: 1 })
    },

    async logout(text, client) {
      try {
        const { found } = await findGenuine(text, 'access')
        const { session } = found
        const by = { reason: 'logout' as const, actorId: session.userId, client }
        await sessions.end(oneTenant(session.tenantId), session.id, by)
      } catch (error) {
        if (!(error instanceof SallyportError) || error.code !== 'invalid_token') throw error
      }
    },

    async csrfToken(identity) {
      const token = await csrfTokenUnder(keyring.activeSessionKey().id, identity)
      if (token === null) throw new SallyportError('session_revoked')
      return token
    },

    async verifyCsrfToken(identity, given) {
      const keyId = csrfKeyId(given)
      const expected = keyId === null ? null : await csrfTokenUnder(keyId, identity)
      return expected !== null && equalInConstantTime(Buffer.from(given, 'utf8'), Buffer.from(expected, 'utf8'))
    },
  }
}
