import type { Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { equalInConstantTime } from '../../crypto/constant-time.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { Keyring } from '../keys/key-service.js'
import { type SessionService, sessionState } from '../sessions/session-service.js'
import { csrfKeyId, encodeCsrfToken } from './token-codec.js'

export interface CsrfTokens {
  /** The CSRF token of the caller's session. @throws SallyportError `session_revoked` */
  csrfToken(identity: Identity): Promise<string>
  /** True where `given` is a CSRF token of the caller's session. */
  verifyCsrfToken(identity: Identity, given: string): Promise<boolean>
}

export function createCsrfTokens({
  sessions,
  keyring,
}: {
  readonly sessions: SessionService
  readonly keyring: Keyring
}): CsrfTokens {
  /** The caller's CSRF token under the key of that id; null where there is no such key or session. */
  async function tokenUnder(keyId: number, { tenantId, sessionId }: Identity): Promise<string | null> {
    const key = await keyring.sessionKey(keyId)
    const found = await sessions.find(oneTenant(tenantId), sessionId)
    const isLive = found !== null && sessionState(found) === 'live'
    return key === null || !isLive
      ? null
      : encodeCsrfToken(key, Buffer.from(found.session.salt, 'base64'), found.session.id)
  }

  return {
    async csrfToken(identity) {
      const token = await tokenUnder(keyring.activeSessionKey().id, identity)
      if (token === null) throw new SallyportError('session_revoked')
      return token
    },
    async verifyCsrfToken(identity, given) {
      const keyId = csrfKeyId(given)
      const expected = keyId === null ? null : await tokenUnder(keyId, identity)
      return expected !== null && equalInConstantTime(Buffer.from(given, 'utf8'), Buffer.from(expected, 'utf8'))
    },
  }
}
