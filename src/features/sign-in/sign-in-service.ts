import type { Transaction } from 'kysely'
import { type AuthMethod, type ClientContext, isProven } from '../../contract/identity.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { AccessService } from '../access/access-service.js'
import type { AuditEvent, RecordEvent } from '../audit/audit-types.js'
import type { Keyring } from '../keys/key-service.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { Opening } from '../sessions/session-types.js'
import type { TokenService } from '../tokens/token-service.js'
import type { IssuedTokens } from '../tokens/token-types.js'
import type { UserService } from '../users/user-service.js'
import type { NewUser, User } from '../users/user-types.js'
import { type Claim, claimAddress } from './sign-in-claim.js'
import type { NewDeviceNotice } from './sign-in-notice.js'

export { createNewDeviceNotice, type NewDeviceNotice } from './sign-in-notice.js'

/** Somebody who has proved who they are. */
export interface ProvenUser {
  readonly userId: string
  /** Of the credentials that were checked: if the account has moved on, there is no sign-in. */
  readonly credentialVersion: number
  readonly methods: readonly AuthMethod[]
  readonly remember: boolean
  readonly client: ClientContext
}

/** An account to be made. */
export interface NewAccount extends NewUser {
  readonly role: string
  /** True where its owner makes it; false for somebody else who is no user. */
  readonly bySelf: boolean
  readonly client: ClientContext | null
  /** Facts for the event of its making. */
  readonly data?: AuditEvent['data']
}

/** The one exit of every way of signing in: always a new session, recorded in the transaction that opens it. */
export interface SignInService {
  /**
   * Makes an account with its first role in the caller's transaction, and records both.
   * @returns null where the tenant has an account of that address
   * @throws SallyportError `invalid_request` for a role that does not exist
   */
  createAccount(
    scope: OneTenant,
    tx: Transaction<Tables>,
    record: RecordEvent,
    account: NewAccount,
  ): Promise<User | null>
  /**
   * Gives an account whose address was not proved to its owner, as new, in the transaction of the proof; see
   * `claimAddress`. Never for an account with a proved address, whose owner would lose the password by it.
   */
  claim(scope: OneTenant, tx: Transaction<Tables>, record: RecordEvent, claim: Claim): Promise<number | null>
  /** Opens the session in the caller's transaction, which must change nothing else where it is refused. */
  open(scope: OneTenant, tx: Transaction<Tables>, record: RecordEvent, user: ProvenUser): Promise<Opening>
  /**
   * The tokens of a session that was opened, once its transaction is committed, with the cookie that makes the browser
   * known to the account.
   */
  finish(scope: OneTenant, sessionId: string, client: ClientContext): Promise<IssuedTokens>
}

export function createSignInService(parts: {
  readonly users: UserService
  readonly access: AccessService
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly keyring: Keyring
  readonly lockouts: Pick<LockoutService, 'devices'>
  readonly oneTimeTokens: OneTimeTokenService
  /** Tells owners of accounts what was signed in with. */
  readonly notice: NewDeviceNotice
}): SignInService {
  const { users, access, sessions, tokens, keyring, lockouts, notice } = parts
  return {
    async createAccount(scope, tx, record, { role, bySelf, client, data = {}, ...newUser }) {
      const user = await users.create(scope, tx, { locale: client?.locale ?? null, ...newUser })
      if (user === null) return null
      const { id: userId } = user
      const event = { tenantId: scope.tenantId, actorId: bySelf ? userId : null, userId, sessionId: null, client, data }
      await record({ ...event, type: 'user.registered' })
      await access.grant(scope, tx, record, { userId, role, actorId: null, client })
      return user
    },
    claim: (scope, tx, record, claim) => claimAddress(parts, scope, tx, record, claim),
    async open(scope, tx, record, user) {
      const opening = await sessions.open(scope, tx, record, { ...user, keyId: keyring.activeSessionKey().id })
      if ('refused' in opening) return opening
      const { userId, client } = user
      const event = { tenantId: scope.tenantId, actorId: userId, userId, sessionId: opening.sessionId, client }
      await record({ type: 'login.succeeded', ...event, data: { methods: user.methods.join(' ') } })
      if (await sessions.addDevice(scope, tx, userId, client)) {
        await record({ type: 'device.added', ...event })
        if (isProven(user.methods)) await notice.tell(scope, tx, userId, client)
      }
      return opening
    },
    async finish(scope, sessionId, client) {
      const found = await sessions.find(scope, sessionId)
      if (found === null) throw new Error('a session that was just committed is not there')
      const issued = await tokens.issue(found)
      // Who came in without proving anything does not become known by it.
      if (found.session.authMethods.includes('bypass')) return issued
      return { ...issued, device: lockouts.devices.renew(client.deviceCookie, found.session) }
    },
  }
}
