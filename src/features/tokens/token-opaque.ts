import { hash } from 'node:crypto'
import type { CallOrigin, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { Keyring } from '../keys/key-service.js'
import type { Revocations } from '../revocation/revocation-service.js'
import { isWithinGrace, type SessionService, sessionState, spendOf } from '../sessions/session-service.js'
import type { FoundSession, SessionRecord } from '../sessions/session-types.js'
import { encodePair, isGenuine, type ParsedToken, parseToken, sessionBitsOf, type TokenKind } from './token-codec.js'
import { identityOf } from './token-identity.js'

/** The tokens that are looked up: `sps_` access tokens, and `spr_` refresh tokens in both modes. */
export interface OpaqueTokens {
  /** The session of a genuine token of that kind as the database has it, whatever its state. @throws SallyportError `invalid_token` */
  findGenuine(text: string, kind: TokenKind): Promise<Genuine>
  /**
   * The same by memory, where its current pair is of that token and nothing that is held speaks against its use; null
   * where the database has to be asked.
   */
  recallCurrent(text: string, kind: TokenKind): Promise<Genuine | null>
  /** @throws SallyportError `session_revoked`, `token_expired` */
  assertAlive(found: FoundSession): void
  /** True where the pair of that number was spent less than the grace ago. */
  isInGrace(found: FoundSession, counter: number): boolean
  /**
   * Who holds this access token. Memory may say yes; before anybody is refused the database is asked.
   * @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden`, `reauthentication_required`
   */
  authenticate(text: string, tenantHeader: string | null, call: CallOrigin): Promise<Identity>
  /** The same where memory alone can say yes, at once; null where it has to be asked properly. @throws SallyportError `forbidden` */
  recall(text: string, tenantHeader: string | null): Identity | null
  /** The session's current pair. */
  pairOf(session: SessionRecord): Promise<{ readonly access: string; readonly refresh: string }>
}

interface Genuine {
  readonly token: ParsedToken
  readonly found: FoundSession
}

export function createOpaqueTokens({
  sessions,
  keyring,
  revocations,
}: {
  readonly sessions: SessionService
  readonly keyring: Keyring
  readonly revocations: Pick<Revocations, 'isEnded'>
}): OpaqueTokens {
  const { lifetimes, binding } = sessions

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

  async function genuine(text: string, kind: TokenKind, find: SessionService['find']): Promise<Genuine> {
    const token = parseToken(text)
    if (token === null || token.kind !== kind) throw new SallyportError('invalid_token')
    const found = await find(oneTenant(token.tenantId), token.sessionId)
    // An unknown key is asked for in the database, but not for a session that is not there.
    const key = found === null ? null : await keyring.sessionKey(token.keyId)
    if (found === null || key === null || !isGenuine(token, key, saltOf(found.session))) {
      throw new SallyportError('invalid_token')
    }
    return { token, found }
  }

  async function findGenuine(text: string, kind: TokenKind): Promise<Genuine> {
    const { token, found } = await genuine(text, kind, sessions.find)
    // Genuine yet ahead of the session: the database was restored from a backup older than the token.
    if (token.counter > found.session.counter) throw new SallyportError('invalid_token')
    return { token, found }
  }

  async function recallCurrent(text: string, kind: TokenKind): Promise<Genuine | null> {
    const token = parseToken(text)
    if (token?.kind !== kind) return null
    const found = sessions.peek(oneTenant(token.tenantId), token.sessionId)
    if (found === null || token.counter !== found.session.counter || !isHonoured(found, token.counter)) return null
    const key = await keyring.sessionKey(token.keyId)
    return key !== null && isGenuine(token, key, saltOf(found.session)) ? { token, found } : null
  }

  /** True where what is held of the session says yes. Whatever it holds against the token is for the database to say. */
  function isHonoured(found: FoundSession, counter: number): boolean {
    return sessionState(found) === 'live' && counter <= found.session.counter && !isOver(found, counter)
  }

  async function accept(found: FoundSession, tenantHeader: string | null, call: CallOrigin): Promise<Identity> {
    checkTenant(tenantHeader, found.session.tenantId)
    const isBound = !binding.isOn || binding.isMet(found.session, binding.seenIn(call))
    return isBound ? used(found) : binding.refuse(found.session, call)
  }

  function used(found: FoundSession): Identity {
    sessions.noteUse(found.session, found.now)
    return identityOf(found, Math.min(found.now + lifetimes.idle, found.session.absoluteExpiresAt))
  }

  /** The session of a token that memory can vouch for, or null. */
  async function lookUp(text: string, digest: string): Promise<FoundSession | null> {
    const known = sessions.recognise(sessionBitsOf(text), digest)
    if (known !== null) {
      // What has ended stays ended: whoever goes on with it costs no look-up.
      if (revocations.isEnded(known.sessionId)) throw new SallyportError('session_revoked')
      const held = known.found ?? (await sessions.lookUp(oneTenant(known.tenantId), known.sessionId))
      return held !== null && isHonoured(held, known.counter) ? held : null
    }
    const { token, found } = await genuine(text, 'access', sessions.lookUp)
    sessions.mark(found.session, { digest, counter: token.counter })
    return isHonoured(found, token.counter) ? found : null
  }

  /** Whom memory alone can vouch for. */
  function recall(text: string, digest: string, tenantHeader: string | null): Identity | null {
    if (binding.isOn) return null
    const known = sessions.recognise(sessionBitsOf(text), digest)
    if (known === null || revocations.isEnded(known.sessionId)) return null
    const held = known.found
    if (held === null || !isHonoured(held, known.counter)) return null
    checkTenant(tenantHeader, held.session.tenantId)
    return used(held)
  }

  return {
    findGenuine,
    recallCurrent,
    assertAlive,
    isInGrace,
    async authenticate(text, tenantHeader, call) {
      const digest = digestOf(text)
      const identity = recall(text, digest, tenantHeader)
      if (identity !== null) return identity
      const held = await lookUp(text, digest)
      if (held !== null) return accept(held, tenantHeader, call)
      const { token, found } = await findGenuine(text, 'access')
      assertAlive(found)
      if (isOver(found, token.counter)) throw new SallyportError('token_expired')
      return accept(found, tenantHeader, call)
    },
    recall: (text, tenantHeader) => recall(text, digestOf(text), tenantHeader),
    async pairOf(session) {
      const key = await keyring.sessionKey(session.keyId)
      if (key === null) throw new Error(`session key ${session.keyId} is missing`)
      const { tenantId, id: sessionId, counter } = session
      return encodePair(key, saltOf(session), { tenantId, sessionId, counter })
    },
  }
}

/** Memory holds no token, only what it is known by. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'binary')
}

function saltOf({ salt }: SessionRecord): Buffer {
  return Buffer.from(salt, 'base64')
}

/** The token's tenant decides (contract §3). @throws SallyportError `forbidden` where `X-Tenant-ID` names another one */
export function checkTenant(header: string | null, tenantId: string): void {
  if (header === null || header.toLowerCase() === tenantId) return
  throw new SallyportError('forbidden', { detail: 'The token belongs to another tenant than X-Tenant-ID names.' })
}
