import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { Attempt, InTurn } from '../lockouts/lockout-types.js'
import type { UserService } from '../users/user-service.js'
import type { PasswordHashing } from './password-hashing.js'
import type { PasswordService } from './password-service.js'

/** A session in the wrong hands must not become a place to guess from: what a sign-in counts is counted here too. */
export function createPasswordConfirmation(parts: {
  readonly users: UserService
  readonly lockouts: LockoutService
  readonly audit: AuditService
  readonly hashing: PasswordHashing
}): PasswordService['confirm'] {
  const { users, lockouts, audit, hashing } = parts
  return async ({ tenantId, userId, sessionId }, password, client, prepare) => {
    const scope = oneTenant(tenantId)
    const user = await users.findWithPassword(scope, userId)
    if (user === null) throw new SallyportError('session_revoked')
    if (user.isGuest) throw new SallyportError('forbidden', { detail: 'A guest has no password.' })
    const identifier = user.email ?? `user:${userId}`
    const failed = (reason: string) => ({
      type: 'reauthentication.failed' as const,
      ...{ tenantId, actorId: userId, userId, sessionId, client },
      data: { reason },
    })
    const check = async (attempt: Attempt) => {
      if (!(await hashing.matches(scope, user, password, client))) {
        await attempt.fail((_tx, record) => record(failed('invalid_credentials')))
        throw new SallyportError('invalid_credentials', { detail: 'Check the password.' })
      }
      if (user.disabledAt !== null) throw new SallyportError('account_disabled')
      const work = await prepare(user)
      return audit.transaction(async (tx, record) => {
        const result = await work(tx, record)
        await attempt.succeed(tx)
        return result
      })
    }
    const inTurn: InTurn = (work) => hashing.inTurn(scope, client, work)
    return lockouts.attempt(scope, { identifier, user, client }, check, inTurn)
  }
}
