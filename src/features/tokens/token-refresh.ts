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
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { token, found } = await opaque.findGenuine(presented.token, 'refresh')
    checkTenant(presented.tenantHeader, token.tenantId)
    opaque.assertAlive(found)
    const isCurrent = token.counter === found.session.counter
    if (!isCurrent && !opaque.isInGrace(found, token.counter)) {
      await sessions.endForReuse(found, token.counter, client)
      throw new SallyportError('token_reused')
    }
    if (found.now >= found.session.refreshExpiresAt) throw new SallyportError('token_expired')
    const { binding } = sessions
    if (!binding.isMet(found.session, binding.seenIn({ client }))) await binding.refuse(found.session, { client })
    if (!isCurrent) return { found, isRepeat: true }
    const advanced = await sessions.advance(found, keyring.activeSessionKey().id, client)
    if (advanced === null) continue
    opaque.assertAlive(advanced)
    return { found: advanced, isRepeat: false }
  }
  throw new SallyportError('overloaded', { retryAfter: 1 })
}
