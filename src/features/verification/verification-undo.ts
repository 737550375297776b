import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import type { Tables } from '../../storage/tables.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { KeptToken } from '../one-time-tokens/one-time-token-types.js'
import type { SessionService } from '../sessions/session-service.js'
import type { UserService } from '../users/user-service.js'

/**
 * Takes a change of address back in the transaction that spends the token of the former one. Who made the change knew the
 * password or had a session, so neither is good any more.
 * @returns false where the account is gone
 * @throws SallyportError `email_taken`
 */
export async function undoEmailChange(
  parts: {
    readonly users: UserService
    readonly sessions: SessionService
    readonly oneTimeTokens: OneTimeTokenService
  },
  tx: Transaction<Tables>,
  record: RecordEvent,
  spent: KeptToken,
  client: ClientContext,
): Promise<boolean> {
  const { users, sessions, oneTimeTokens } = parts
  const { tenantId, userId, email, createdAt } = spent
  if (userId === null) return false
  const scope = oneTenant(tenantId)
  const about = { tenantId, sessionId: null, client }
  // Somebody may have registered it meanwhile, to stand in the way: this message proves whose it is.
  const squatter = await users.releaseEmail(scope, tx, email, userId)
  if (squatter !== null) {
    const by = { userId: squatter, except: null, reason: 'address_restored', actorId: userId, client } as const
    await sessions.endAll(scope, tx, record, by)
    await record({ ...about, type: 'account.disabled', actorId: userId, userId: squatter })
  }
  if (!(await users.restoreEmail(scope, tx, userId, email))) return false
  const by = { userId, except: null, reason: 'address_restored', actorId: userId, client } as const
  await sessions.endAll(scope, tx, record, by)
  await sessions.forgetDevices(scope, tx, userId)
  await oneTimeTokens.endAll(tx, scope, userId)
  await oneTimeTokens.endSince(tx, scope, userId, 'email_undo', createdAt)
  await record({ ...about, type: 'email.restored', actorId: userId, userId })
  return true
}
