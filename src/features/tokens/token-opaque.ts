import type { Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { Keyring } from '../keys/key-service.js'
import { isWithinGrace, type SessionService, sessionState, spendOf } from '../sessions/session-service.js'
import type { FoundSession, SessionRecord } from '../sessions/session-types.js'
import { encodePair, isGenuine, type ParsedToken, parseToken, type TokenKind } from './token-codec.js'
import { identityOf } from './token-identity.js'

/** The tokens that are looked up: `sps_` access tokens, and `spr_` refresh tokens in both modes. */
export interface OpaqueTokens {
  /** The session of a genuine token of that kind, whatever state it is in. @throws SallyportError `invalid_token` */
  findGenuine(text: string, kind: TokenKind): Promise<{ readonly token: ParsedToken; readonly found: FoundSession }>
  /** @throws SallyportError `session_revoked`, `token_expired` */
  assertAlive(found: FoundSession): void
  /** True where the pair of that number was spent less than the grace ago. */
  isInGrace(found: FoundSession, counter: number): boolean
  /** Who holds this access token. @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden` */
  authenticate(text: string, tenantHeader: string | null): Promise<Identity>
  /** The session's current pair. */
  pairOf(session: SessionRecord): Promise<{ readonly access: string; readonly refresh: string }>
}

export function createOpaqueTokens({
  sessions,
  keyring,
}: {
  readonly sessions: SessionService
  readonly keyring: Keyring
}): OpaqueTokens {
  const { lifetimes } = sessions

  function isInGrace({ session, now }: FoundSession, counter: number): boolean {
    const spend = spendOf(session, counter)
    return spend !== null && isWithinGrace(spend.at, now, lifetimes.reuseGrace)
  }

  /** A spent access token is good for the grace, unless it had ended before it was spent. */
  function isOver(found: FoundSession, counter: number): boolean {
    if (counter === found.session.counter) return sessions.isIdle(found)
    return !isInGrace(found, counter) || spendOf(found.session, counter)?.wasIdle === true
  }

  function assertAlive(found: FoundSession): void {
    const state = sessionState(found)
    if (state === 'revoked') throw new SallyportError('session_revoked')
    if (state === 'expired') throw new SallyportError('token_expired')
  }

  async function findGenuine(text: string, kind: TokenKind) {
    const token = parseToken(text)
    if (token === null || token.kind !== kind) throw new SallyportError('invalid_token')
    const found = await sessions.find(oneTenant(token.tenantId), token.sessionId)
    // An unknown key is asked for in the database, but not for a session that is not there.
    const key = found === null ? null : await keyring.sessionKey(token.keyId)
    if (found === null || key === null || !isGenuine(token, key, found.session.salt)) {
      throw new SallyportError('invalid_token')
    }
    // Genuine yet ahead of the session: the database was restored from a backup older than the token.
    if (token.counter > found.session.counter) throw new SallyportError('invalid_token')
    return { token, found }
  }

  return {
    findGenuine,
    assertAlive,
    isInGrace,
    async authenticate(text, tenantHeader) {
      const { token, found } = await findGenuine(text, 'access')
      assertAlive(found)
      if (isOver(found, token.counter)) throw new SallyportError('token_expired')
      checkTenant(tenantHeader, found.session.tenantId)
      sessions.noteUse(found.session, found.now)
      return identityOf(found, Math.min(found.now + lifetimes.idle, found.session.absoluteExpiresAt))
    },
    async pairOf(session) {
      const key = await keyring.sessionKey(session.keyId)
      if (key === null) throw new Error(`session key ${session.keyId} is missing`)
      const { tenantId, id: sessionId, counter } = session
      return encodePair(key, session.salt, { tenantId, sessionId, counter })
    },
  }
}

/** The token's tenant decides (contract §3). @throws SallyportError `forbidden` where `X-Tenant-ID` names another one */
export function checkTenant(header: string | null, tenantId: string): void {
  if (header === null || header.toLowerCase() === tenantId) return
  throw new SallyportError('forbidden', { detail: 'The token belongs to another tenant than X-Tenant-ID names.' })
}
