import type { Transaction } from 'kysely'
import type { AuthMethod, ClientContext } from '../../contract/identity.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { UserService } from '../users/user-service.js'
import type { User } from '../users/user-types.js'

/** How somebody proved an address without the account's password or a session. */
export type AddressProof = AuthMethod | 'password_reset' | 'invitation'

/** The owner of an address takes over what somebody made in its name before it was proved. */
export interface Claim {
  /** As it was read: where it has moved on since, nothing is claimed. */
  readonly user: Pick<User, 'id' | 'credentialVersion'>
  /** In place of the one that there is; null: no password signs in. */
  readonly passwordHash: string | null
  readonly by: AddressProof
  readonly client: ClientContext
}

/**
 * Gives an account to whom its address proves, as new: address proved; password, sessions, known devices and whatever
 * was sent to prove something, all from before, over (pre-hijacking: arXiv 2205.10174). Factors and links to other
 * providers end here too, once there are any.
 * @returns the new credential version; null where the account has moved on, is disabled or gone
 */
export async function claimAddress(
  parts: {
    readonly users: UserService
    readonly sessions: SessionService
    readonly oneTimeTokens: OneTimeTokenService
  },
  scope: OneTenant,
  tx: Transaction<Tables>,
  record: RecordEvent,
  { user: { id: userId, credentialVersion }, passwordHash, by, client }: Claim,
): Promise<number | null> {
  const { users, sessions, oneTimeTokens } = parts
  const version = await users.claim(scope, tx, userId, { credentialVersion, passwordHash })
  if (version === null) return null
  const ending = { userId, except: null, reason: 'address_proved', actorId: userId, client } as const
  const ended = await sessions.endAll(scope, tx, record, ending)
  await sessions.forgetDevices(scope, tx, userId)
  await oneTimeTokens.endAll(tx, scope, userId)
  const event = { tenantId: scope.tenantId, actorId: userId, userId, sessionId: null, client }
  await record({ ...event, type: 'email.verified', data: { by, claimed: true, sessions_ended: ended } })
  return version
}
