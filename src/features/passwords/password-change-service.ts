import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { TenantService } from '../tenants/tenant-service.js'
import type { UserService } from '../users/user-service.js'
import type { UserWithPassword } from '../users/user-types.js'
import type { PasswordHashing } from './password-hashing.js'
import { normalisePassword, weak } from './password-policy.js'
import type { PasswordReplacement } from './password-replacement.js'
import type { PasswordService } from './password-service.js'

export interface PasswordChangeService {
  /**
   * Replaces the password of a caller who gives the present one, which is proof enough. Other sessions end, and what was
   * sent by mail to prove something; the caller's session goes on with its tokens.
   * @throws SallyportError `invalid_credentials`, `weak_password`, `breached_password`, `conflict` (it was changed
   * meanwhile), `forbidden` (a guest), `account_locked`, `rate_limited`, `session_revoked`, `overloaded`
   */
  change(
    identity: Identity,
    passwords: { readonly current: string; readonly next: string },
    client: ClientContext,
  ): Promise<void>
  /**
   * Gives somebody a new password without asking for the present one, and ends every session: for the command line and
   * the host application. Proves no address, and forgives no wrong guesses.
   * @throws SallyportError `not_found`, `account_disabled`, `weak_password`, `breached_password`, `conflict`, `overloaded`
   */
  set(scope: TenantScope, userId: string, password: string): Promise<void>
}

export function createPasswordChangeService(parts: {
  readonly users: UserService
  readonly tenants: TenantService
  readonly sessions: SessionService
  readonly audit: AuditService
  readonly passwords: PasswordService
  readonly hashing: PasswordHashing
  readonly replacement: PasswordReplacement
}): PasswordChangeService {
  const { users, tenants, sessions, audit, passwords, hashing, replacement } = parts

  async function accepted(
    user: UserWithPassword,
    password: string,
    field: 'password' | 'new_password',
    client: ClientContext | null,
  ): Promise<string> {
    const { scope, tenant } = await tenants.existing({ body: user.tenantId, header: null })
    const registrant = { email: user.email, username: user.username, password }
    const hashes = await replacement.hashesBefore(user)
    return hashing.accept(scope, tenant, registrant, client, { hashes, field })
  }

  return {
    async change(identity, { current, next }, client) {
      const { tenantId, userId, sessionId } = identity
      const scope = oneTenant(tenantId)
      await passwords.confirm(identity, current, client, async (user) => {
        if (normalisePassword(current) === normalisePassword(next)) {
          throw weak('new_password', 'it is the present one: choose another')
        }
        const { credentialVersion } = user
        const passwordHash = await accepted(user, next, 'new_password', client)
        return async (tx, record) => {
          const version = await users.setPassword(scope, tx, userId, { credentialVersion, passwordHash })
          if (version === null) throw changedMeanwhile()
          // Whose session has ended meanwhile must not decide anything any more.
          if (!(await sessions.carryOver(scope, tx, { id: sessionId, userId }, version))) {
            throw new SallyportError('session_revoked')
          }
          const change = { type: 'password.changed', by: 'owner', sessionId, client, isNewOwner: false } as const
          await replacement.follow(tx, record, user, change)
        }
      })
    },

    async set(scope, userId, password) {
      const found = await users.find(scope, userId)
      const user = found && (await users.findWithPassword(oneTenant(found.tenantId), userId))
      if (user === null || user.isGuest) throw new SallyportError('not_found', { detail: 'There is no such user.' })
      if (user.disabledAt !== null) throw new SallyportError('account_disabled')
      const passwordHash = await accepted(user, password, 'password', null)
      await audit.transaction(async (tx, record) => {
        const { credentialVersion } = user
        const change = { credentialVersion, passwordHash }
        if ((await users.setPassword(oneTenant(user.tenantId), tx, userId, change)) === null) throw changedMeanwhile()
        const by = { by: 'administrator', sessionId: null, client: null, isNewOwner: false } as const
        await replacement.follow(tx, record, user, { type: 'password.reset', ...by })
      })
    },
  }
}

function changedMeanwhile(): SallyportError {
  return new SallyportError('conflict', { detail: 'The account was changed meanwhile. Try again.' })
}
