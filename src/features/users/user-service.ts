import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import { isUniqueViolation } from '../../storage/database-error.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { OneTenant, TenantScope } from '../../storage/tenant-scope.js'
import { type FindUserByEmail, prepareFindUserByEmail } from './user-lookup.js'
import {
  claimAccount,
  findUser,
  giveAccount,
  insertUser,
  listUsers,
  releaseEmail,
  replaceEmail,
  replacePasswordHash,
  restoreEmail,
  setDisabled,
  setEmailVerified,
  setPassword,
  updateProfile,
} from './user-store.js'
import type { NewGuest, NewUser, ProfileChange, User, UserWithPassword } from './user-types.js'

/** Keeps users. To disable or erase somebody is decided elsewhere; here it is only written down. */
export interface UserService {
  /** @returns null where the tenant has an account of that address */
  create(scope: OneTenant, db: Queryable, user: NewUser): Promise<User | null>
  createGuest(scope: OneTenant, db: Queryable, guest: NewGuest): Promise<void>
  /**
   * Makes an account of a guest; see `giveAccount`.
   * @throws SallyportError `email_taken`; inside a transaction nothing of it is kept then
   */
  giveAccount(
    scope: OneTenant,
    db: Queryable,
    id: string,
    account: { readonly email: string; readonly passwordHash: string },
  ): Promise<number | null>
  /** Gives an account to whom its address proves, with a password or none; see `claimAccount`. */
  claim(
    scope: OneTenant,
    db: Queryable,
    id: string,
    claim: { readonly credentialVersion: number; readonly passwordHash: string | null },
  ): Promise<number | null>
  /** @param db the transaction to read in. Default: none */
  find(scope: TenantScope, id: string, db?: Queryable): Promise<User | null>
  /** The same as the caller's transaction sees it. */
  read(scope: OneTenant, db: Queryable, id: string): Promise<User | null>
  findWithPassword(scope: OneTenant, id: string): Promise<UserWithPassword | null>
  readonly findForSignIn: FindUserByEmail
  /** Pages of at most 200, in order of creation. `nextCursor` is null at the end. */
  list(
    scope: TenantScope,
    page: { readonly cursor: string | null; readonly limit: number },
  ): Promise<{ readonly items: readonly User[]; readonly nextCursor: string | null }>
  /** False where there is no such user. */
  update(scope: OneTenant, db: Queryable, id: string, change: ProfileChange): Promise<boolean>
  /** Replaces the password, and ends what was signed in; see `setPassword`. */
  setPassword(
    scope: OneTenant,
    db: Queryable,
    id: string,
    change: { readonly credentialVersion: number; readonly passwordHash: string },
  ): Promise<number | null>
  renewPasswordHash(scope: OneTenant, id: string, hashes: { readonly from: string; readonly to: string }): Promise<void>
  /** See `setEmailVerified` of the store. */
  setEmailVerified(scope: OneTenant, db: Queryable, id: string, email: string): Promise<boolean>
  /**
   * Gives an account another address, which has proved itself. Null where it has another one than `from` by now.
   * @throws SallyportError `email_taken`; inside a transaction nothing of it is kept then
   */
  replaceEmail(
    scope: OneTenant,
    db: Queryable,
    id: string,
    emails: { readonly from: string; readonly to: string },
  ): Promise<User | null>
  /** See `restoreEmail` of the store. @throws SallyportError `email_taken`; inside a transaction nothing of it is kept then */
  restoreEmail(scope: OneTenant, db: Queryable, id: string, email: string): Promise<boolean>
  /** See `releaseEmail` of the store. */
  releaseEmail(scope: OneTenant, db: Queryable, email: string, except: string): Promise<string | null>
  setDisabled(scope: OneTenant, db: Queryable, id: string, disabled: boolean): Promise<boolean>
}

const LONGEST_PAGE = 200

export function createUserService(storage: Storage, clock: Clock): UserService {
  return {
    async create(scope, db, user) {
      const now = clock.now()
      const { id = uuidv7(now) } = user
      if (!(await insertUser(scope, db, id, now, user))) return null
      return {
        id,
        tenantId: scope.tenantId,
        email: user.email,
        emailVerified: user.emailVerified ?? false,
        username: user.username,
        isGuest: false,
        credentialVersion: 1,
        disabledAt: null,
        createdAt: now,
        locale: user.locale ?? null,
      }
    },
    async createGuest(scope, db, guest) {
      await insertUser(scope, db, guest.id, clock.now(), guest)
    },
    async giveAccount(scope, db, id, account) {
      return orTaken(giveAccount(scope, db, id, clock.now(), account))
    },
    claim: (scope, db, id, claim) => claimAccount(scope, db, id, clock.now(), claim),
    async find(scope, id, db = storage.db) {
      const found = await findUser(scope, db, id)
      return found === null ? null : withoutPassword(found)
    },
    async read(scope, db, id) {
      const found = await findUser(scope, db, id)
      return found === null ? null : withoutPassword(found)
    },
    findWithPassword: (scope, id) => findUser(scope, storage.db, id),
    findForSignIn: prepareFindUserByEmail(storage),
    async list(scope, { cursor, limit }) {
      const size = Math.min(Math.max(1, limit), LONGEST_PAGE)
      const found = await listUsers(scope, storage.db, { after: cursor, limit: size + 1 })
      const items = found.slice(0, size).map(withoutPassword)
      return { items, nextCursor: found.length > size ? (items.at(-1)?.id ?? null) : null }
    },
    update: (scope, db, id, change) => updateProfile(scope, db, id, clock.now(), change),
    setPassword: (scope, db, id, change) => setPassword(scope, db, id, clock.now(), change),
    renewPasswordHash: (scope, id, hashes) => replacePasswordHash(scope, storage.db, id, hashes),
    setEmailVerified: (scope, db, id, email) => setEmailVerified(scope, db, id, clock.now(), email),
    async replaceEmail(scope, db, id, emails) {
      const changed = await orTaken(replaceEmail(scope, db, id, clock.now(), emails))
      return changed === null ? null : withoutPassword(changed)
    },
    restoreEmail: (scope, db, id, email) => orTaken(restoreEmail(scope, db, id, clock.now(), email)),
    releaseEmail: (scope, db, email, except) => releaseEmail(scope, db, email, clock.now(), except),
    setDisabled: (scope, db, id, disabled) => setDisabled(scope, db, id, clock.now(), disabled),
  }
}

/** @throws SallyportError `email_taken` */
async function orTaken<Result>(change: Promise<Result>): Promise<Result> {
  try {
    return await change
  } catch (error) {
    if (isUniqueViolation(error)) throw new SallyportError('email_taken')
    throw error
  }
}

function withoutPassword(user: UserWithPassword): User {
  const { passwordHash: _, ...rest } = user
  return rest
}
