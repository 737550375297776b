import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { PasswordService } from '../passwords/password-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { TokenService } from '../tokens/token-service.js'

export interface ReauthenticationService {
  /**
   * Renews the time of the last authentication of the caller's session.
   * @returns the caller as the account stands then
   * @throws SallyportError what `PasswordService.confirm` throws; `session_revoked`
   */
  withPassword(identity: Identity, password: string, client: ClientContext): Promise<Identity>
}

export function createReauthenticationService(parts: {
  readonly passwords: PasswordService
  readonly sessions: SessionService
  readonly tokens: TokenService
}): ReauthenticationService {
  const { passwords, sessions, tokens } = parts
  return {
    async withPassword(identity, password, client) {
      const { tenantId, userId, sessionId } = identity
      await passwords.confirm(identity, password, client, async ({ credentialVersion }) => async (tx, record) => {
        const session = { id: sessionId, userId, credentialVersion }
        if (!(await sessions.renewAuthentication(oneTenant(tenantId), tx, session))) {
          throw new SallyportError('session_revoked')
        }
        const event = { tenantId, actorId: userId, userId, sessionId, client }
        await record({ ...event, type: 'reauthentication.succeeded', data: { methods: 'password' } })
      })
      return tokens.asStored(identity)
    },
  }
}
