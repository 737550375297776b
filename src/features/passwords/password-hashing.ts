import { randomBytes } from 'node:crypto'
import type { Config } from '../../config/config.js'
import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { addressBucket, networkOf } from '../../runtime/client-address.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { Tenant } from '../tenants/tenant-types.js'
import type { UserService } from '../users/user-service.js'
import type { UserWithPassword } from '../users/user-types.js'
import { algorithmOf, BCRYPT_BYTES, hashPassword, needsRenewal, verifyPassword } from './password-hash.js'
import type { PasswordHashQueue } from './password-hash-queue.js'
import { normalisePassword, type PasswordField, weak } from './password-policy.js'
import type { PasswordScreening } from './password-screening.js'
import type { Registrant } from './password-types.js'

/** Makes and compares the stored forms of passwords, each when its turn in the queue comes. */
export interface PasswordHashing {
  /**
   * The hash of a new password, once it is found acceptable.
   * @param before the hashes of those that cannot be chosen again, and the field in which the new one came
   * @throws SallyportError `weak_password`, `breached_password`, `unavailable`, `overloaded`
   */
  accept(
    scope: OneTenant,
    tenant: Tenant,
    registrant: Registrant,
    client: ClientContext | null,
    before?: { readonly hashes: readonly string[]; readonly field: PasswordField },
  ): Promise<string>
  /** True where it is the user's password. Without a user or a password the same work is done, and it is false. */
  matches(scope: OneTenant, user: UserWithPassword | null, password: string, client: ClientContext): Promise<boolean>
  /** Calls `work`, which is going to ask whether a password `matches`, when there is room for that. @throws SallyportError `overloaded` */
  inTurn<Result>(scope: OneTenant, client: ClientContext, work: () => Promise<Result>): Promise<Result>
  /** Brings the stored form of a password that was right up to date. */
  renew(scope: OneTenant, user: UserWithPassword, password: string, client: ClientContext): Promise<void>
}

/** Prefix lengths of what one customer of a provider may have: to change addresses in it wins no turns. */
const LANE_NETWORK = { ipv4: 24, ipv6: 48 }

export function createPasswordHashing(parts: {
  readonly settings: Config['auth']['password']
  readonly hashes: PasswordHashQueue
  readonly screening: PasswordScreening
  readonly users: UserService
}): PasswordHashing {
  const { settings, hashes, screening, users } = parts

  /** Stands in for the hash of an account that is not there, so that looking for one costs the same. */
  let standIn: Promise<string> | undefined
  function standInHash(): Promise<string> {
    standIn ??= hashPassword(settings, randomBytes(16).toString('base64url')).catch((error: unknown) => {
      standIn = undefined
      throw error
    })
    return standIn
  }
  // Made before the first sign-in, which would otherwise cost two hashes. A failure is met again by who needs it.
  standInHash().catch(() => undefined)

  function verify(scope: OneTenant, hash: string, password: string, client: ClientContext | null): Promise<boolean> {
    return hashes.run(algorithmOf(hash), laneOf(scope, client), () => verifyPassword(hash, password), client?.gone)
  }

  return {
    async accept(scope, tenant, { password: typed, ...owner }, client, before) {
      const password = normalisePassword(typed)
      const { hashes: earlier, field } = before ?? { hashes: [], field: 'password' }
      await screening.check(password, { ...owner, tenant }, field)
      for (const hash of earlier) {
        if (await verify(scope, hash, password, client)) throw weak(field, 'it was used before: choose another')
      }
      return hashes.run(settings.algorithm, laneOf(scope, client), () => hashPassword(settings, password), client?.gone)
    },

    async matches(scope, user, typed, client) {
      const hash = user?.passwordHash ?? null
      const matches = await verify(scope, hash ?? (await standInHash()), normalisePassword(typed), client)
      return hash !== null && matches
    },

    inTurn: (scope, client, work) => hashes.signIn(laneOf(scope, client), work, client.gone),

    async renew(scope, user, typed, client) {
      const password = normalisePassword(typed)
      if (user.passwordHash === null || !(await needsRenewal(settings, user.passwordHash))) return
      // What bcrypt would cut keeps its old form.
      if (settings.algorithm === 'bcrypt' && Buffer.byteLength(password) > BCRYPT_BYTES) return
      const from = user.passwordHash
      try {
        const to = await hashes.run(settings.algorithm, laneOf(scope, client), () => hashPassword(settings, password))
        await users.renewPasswordHash(scope, user.id, { from, to })
      } catch (error) {
        // The password was right: the next sign-in renews it.
        if (!(error instanceof SallyportError) || error.code !== 'overloaded') throw error
      }
    },
  }
}

/** Whose turn a hash waits for. An unknown tenant has none of its own. */
function laneOf({ tenantId }: OneTenant, client: ClientContext | null) {
  const address = client?.ipAddress ?? null
  return [tenantId, (address && networkOf(address, LANE_NETWORK)) ?? 'unknown', addressBucket(address)]
}
