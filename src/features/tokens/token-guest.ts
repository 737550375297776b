import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import type { Keyring } from '../keys/key-service.js'
import { accessExpiresAt, type SessionService } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import type { StatelessTokens } from './token-stateless.js'
import type { GuestToken } from './token-types.js'

/** A token that ends this much later than the present one is worth its way to the caller, milliseconds. */
const WORTHWHILE = 1_000

export interface GuestTokens {
  /** The current token of a guest's session. */
  issueGuest(found: FoundSession): Promise<GuestToken>
  /** Extends a guest's session, and gives its next token. @throws SallyportError `session_revoked`, `token_expired` */
  refreshGuest(identity: Identity, client: ClientContext): Promise<GuestToken>
}

/**
 * The tokens of guests: JWTs in both modes. There is one current token for each state of the session, the same for
 * everybody who asks, so that a hundred requests near its end extend the session once.
 */
export function createGuestTokens(parts: {
  readonly sessions: SessionService
  readonly keyring: Keyring
  readonly stateless: StatelessTokens
  readonly assertAlive: (found: FoundSession) => void
  /** True for a token of which little is left. @param expiresAt milliseconds since the epoch */
  readonly isNearEnd: (expiresAt: number) => boolean
}): GuestTokens & {
  /** Null at once for a token of which enough is left. */
  renewGuest(identity: Identity, request: { readonly client: ClientContext }): Promise<GuestToken | null> | null
} {
  const { sessions, keyring, stateless, assertAlive, isNearEnd } = parts

  async function issueGuest(found: FoundSession): Promise<GuestToken> {
    const { token, expiresAt } = await stateless.issue(found, found.session.refreshedAt)
    return { token, expiresAt, found }
  }

  async function live(find: SessionService['find'], scope: OneTenant, id: string): Promise<FoundSession> {
    const found = await find(scope, id)
    if (found === null) throw new SallyportError('session_revoked')
    assertAlive(found)
    return found
  }

  /** The session after it was extended, by this call or by one that came first. */
  async function extended(scope: OneTenant, found: FoundSession, client: ClientContext): Promise<FoundSession> {
    const advanced = await sessions.advance(found, keyring.activeSessionKey().id, client)
    if (advanced !== null) return advanced
    const next = await live(sessions.find, scope, found.session.id)
    // Neither this call nor another one could extend it: the account has moved on since it was read.
    if (next.session.counter === found.session.counter) throw new SallyportError('session_revoked')
    return next
  }

  /** False where it was extended before, by another tab or by a caller who goes on with the old token, and at its absolute end. */
  function canExtend({ session }: FoundSession): boolean {
    const end = accessExpiresAt(sessions.lifetimes, session)
    return isNearEnd(end) && session.absoluteExpiresAt - end >= WORTHWHILE
  }

  async function renewed(identity: Identity, request: { readonly client: ClientContext }): Promise<GuestToken | null> {
    const scope = oneTenant(identity.tenantId)
    let found = await live(sessions.lookUp, scope, identity.sessionId)
    // What memory holds may be older than an extension by another node.
    if (canExtend(found)) found = await live(sessions.find, scope, identity.sessionId)
    if (canExtend(found)) found = await extended(scope, found, request.client)
    const current = await issueGuest(found)
    return current.expiresAt - identity.expiresAt < WORTHWHILE ? null : current
  }

  return {
    issueGuest,

    async refreshGuest({ tenantId, sessionId }, client) {
      const scope = oneTenant(tenantId)
      return issueGuest(await extended(scope, await live(sessions.find, scope, sessionId), client))
    },

    renewGuest: (identity, request) => (isNearEnd(identity.expiresAt) ? renewed(identity, request) : null),
  }
}
