import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Keyring } from '../keys/key-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { FoundSession } from '../sessions/session-types.js'
import { checkTenant, type OpaqueTokens } from './token-opaque.js'

/** Losing the race for a pair is answered by looking again; nobody loses more often than this. */
const ATTEMPTS = 5

/**
 * Exchanges a refresh token for the next pair of its session, and gives the session as it is afterwards. A token
 * presented again within the grace finds the family's current pair; later, it ends the family (RFC 9700 §4.14.2).
 * `isRepeat`: the pair had been issued before.
 * @throws SallyportError `invalid_token`, `token_expired`, `token_reused`, `session_revoked`, `forbidden`,
 * `reauthentication_required`, `overloaded`
 */
export async function refreshSession(
  {
    sessions,
    opaque,
    keyring,
  }: { readonly sessions: SessionService; readonly opaque: OpaqueTokens; readonly keyring: Keyring },
  presented: { readonly token: string; readonly tenantHeader: string | null },
  client: ClientContext,
): Promise<{ readonly found: FoundSession; readonly isRepeat: boolean }> {
  const { binding } = sessions
  const isBound = (found: FoundSession) => binding.isMet(found.session, binding.seenIn({ client }))
  const isOver = (found: FoundSession) => found.now >= found.session.refreshExpiresAt
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Memory may save a look; the statement that spends the pair decides, and nobody is refused by what is held.
    const held = attempt === 0 ? await opaque.recallCurrent(presented.token, 'refresh') : null
    const isEnough = held !== null && !isOver(held.found) && isBound(held.found)
    const { token, found } = isEnough ? held : await opaque.findGenuine(presented.token, 'refresh')
    checkTenant(presented.tenantHeader, token.tenantId)
    opaque.assertAlive(found)
    const isCurrent = token.counter === found.session.counter
    if (!isCurrent && !opaque.isInGrace(found, token.counter)) {
      await sessions.endForReuse(found, token.counter, client)
      throw new SallyportError('token_reused')
    }
    if (isOver(found)) throw new SallyportError('token_expired')
    if (!isBound(found)) await binding.refuse(found.session, { client })
    if (!isCurrent) return { found, isRepeat: true }
    const advanced = await sessions.advance(found, keyring.activeSessionKey().id, client)
    if (advanced === null) continue
    opaque.assertAlive(advanced)
    return { found: advanced, isRepeat: false }
  }
  throw new SallyportError('overloaded', { retryAfter: 1 })
}
