import type { Transaction } from 'kysely'
import type { Config } from '../../config/config.js'
import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Tables } from '../../storage/tables.js'
import { type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { Attempt, InTurn } from '../lockouts/lockout-types.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { Tenant } from '../tenants/tenant-types.js'
import type { IssuedTokens } from '../tokens/token-types.js'
import type { UserService } from '../users/user-service.js'
import { defaultUsername, type User, type UserWithPassword } from '../users/user-types.js'
import type { VerificationService } from '../verification/verification-service.js'
import { createPasswordConfirmation } from './password-confirmation.js'
import type { PasswordHashing } from './password-hashing.js'
import type { PasswordLogin, Registrant, Registration } from './password-types.js'

export interface PasswordService {
  /**
   * Makes an account with the tenant's default role, and signs it in. Null where its address must prove itself first, and
   * then also where that address has an account, whose owner is told.
   * @throws SallyportError `forbidden` (registration is not open), `invalid_request`, `weak_password`,
   * `breached_password`, `email_taken`, `overloaded`
   */
  register(registration: Registration, tenant: NamedTenant, client: ClientContext): Promise<IssuedTokens | null>
  /**
   * The hash of the password of somebody who registers in another way than `register`.
   * @throws SallyportError `forbidden` (registration is not open), `weak_password`, `breached_password`, `overloaded`
   */
  hashForRegistration(scope: OneTenant, tenant: Tenant, registrant: Registrant, client: ClientContext): Promise<string>
  /** The same for somebody who was invited. @throws SallyportError `weak_password`, `breached_password`, `overloaded` */
  hashForInvitation(scope: OneTenant, tenant: Tenant, registrant: Registrant, client: ClientContext): Promise<string>
  /**
   * Signs in. Unknown account, wrong password and unknown tenant give one answer, for the same work, and are locked
   * alike after too many wrong passwords: then nothing is hashed for anybody.
   * @throws SallyportError `invalid_credentials`, `account_locked`, `rate_limited`, `overloaded`; after the right
   * password alone `account_disabled`, `email_not_verified`, `session_limit_reached`
   */
  login(login: PasswordLogin, tenant: NamedTenant, client: ClientContext): Promise<IssuedTokens>
  /**
   * Has a caller give the password once more, as one counted attempt, and calls `prepare` where it is right. What that
   * gives back runs in a transaction, which commits the proof with what it was given for.
   * @throws SallyportError `invalid_credentials` (also where there is no password), `forbidden` (a guest),
   * `account_disabled`, `account_locked`, `rate_limited`, `overloaded`, `session_revoked` (the account is gone)
   */
  confirm<Result>(
    identity: Pick<Identity, 'tenantId' | 'userId' | 'sessionId'>,
    password: string,
    client: ClientContext,
    prepare: (user: UserWithPassword) => Promise<(tx: Transaction<Tables>, record: RecordEvent) => Promise<Result>>,
  ): Promise<Result>
  /**
   * Makes an account without signing it in: for the command line and administrators.
   * @throws SallyportError `invalid_request`, `weak_password`, `breached_password`, `email_taken`
   */
  createAccount(
    registration: Registration,
    options: { readonly tenant: NamedTenant; readonly role: string | null; readonly emailVerified: boolean },
  ): Promise<User>
}

export function createPasswordService(parts: {
  readonly config: Config
  readonly tenants: TenantService
  readonly users: UserService
  readonly audit: AuditService
  readonly signIn: SignInService
  readonly lockouts: LockoutService
  readonly hashing: PasswordHashing
  readonly verification: VerificationService
}): PasswordService {
  const { config, tenants, users, audit, signIn, lockouts, hashing, verification } = parts

  function assertOpen(): void {
    if (config.auth.registration === 'open') return
    throw new SallyportError('forbidden', { detail: 'Registration is not open here.' })
  }

  async function newUser(scope: OneTenant, tenant: Tenant, registration: Registration, client: ClientContext | null) {
    const { email, password, username = defaultUsername(email) } = registration
    return { email, username, passwordHash: await hashing.accept(scope, tenant, { email, username, password }, client) }
  }

  async function refuse(
    scope: OneTenant,
    user: User | null,
    code: 'invalid_credentials' | 'account_disabled' | 'email_not_verified' | 'session_limit_reached',
    client: ClientContext,
    attempt: Attempt,
  ): Promise<never> {
    const write = (_tx: Transaction<Tables>, record: RecordEvent) =>
      record({
        type: 'login.failed',
        tenantId: scope.tenantId,
        actorId: null,
        userId: user?.id ?? null,
        sessionId: null,
        client,
        data: { reason: code },
      })
    // Who gave the right password was not guessing.
    await (code === 'invalid_credentials' ? attempt.fail(write) : audit.transaction(write))
    throw new SallyportError(code)
  }

  return {
    async hashForRegistration(scope, tenant, registrant, client) {
      assertOpen()
      return hashing.accept(scope, tenant, registrant, client)
    },

    hashForInvitation: (...given) => hashing.accept(...given),

    async register(registration, named, client) {
      assertOpen()
      const { scope, tenant } = await tenants.existing(named)
      const input = await newUser(scope, tenant, registration, client)
      const owner = verification.mode === 'required' ? await users.findForSignIn(scope, input.email) : null
      const opening = await audit.transaction(async (tx, record) => {
        const account = { ...input, role: tenant.defaultRole, bySelf: true, client }
        const user = await signIn.createAccount(scope, tx, record, account)
        if (verification.mode === 'required') {
          if (user !== null) await verification.begin(scope, tx, user, client)
          else if (owner !== null) await verification.tellOwner(scope, tx, record, owner, client)
          return null
        }
        if (user === null) throw new SallyportError('email_taken')
        await verification.begin(scope, tx, user, client)
        const { id: userId, credentialVersion } = user
        return signIn.open(scope, tx, record, {
          userId,
          credentialVersion,
          methods: ['password'],
          remember: true,
          client,
        })
      })
      if (opening === null) return null
      if ('refused' in opening) throw new Error('an account was changed in the transaction that made it')
      return signIn.finish(scope, opening.sessionId, client)
    },

    async login({ email, password, remember }, named, client) {
      const { scope, tenant } = await tenants.resolve(named)
      const user = tenant === null ? null : await users.findForSignIn(scope, email)
      // An unknown tenant has no log of its own.
      const logScope = tenant === null ? oneTenant(DEFAULT_TENANT_ID) : scope
      const identifier = tenant === null ? `${scope.tenantId} ${email}` : email
      const check = async (attempt: Attempt) => {
        if (!(await hashing.matches(logScope, user, password, client)) || user === null) {
          return refuse(logScope, user, 'invalid_credentials', client, attempt)
        }
        if (user.disabledAt !== null) return refuse(scope, user, 'account_disabled', client, attempt)
        if (verification.mode === 'required' && !user.emailVerified) {
          return refuse(scope, user, 'email_not_verified', client, attempt)
        }
        await hashing.renew(scope, user, password, client)
        const { id: userId, credentialVersion } = user
        const opening = await audit.transaction(async (tx, record) => {
          const proven = { userId, credentialVersion, methods: ['password'], remember, client } as const
          const opening = await signIn.open(scope, tx, record, proven)
          if (!('refused' in opening)) await attempt.succeed(tx)
          return opening
        })
        if ('refused' in opening) return refuse(scope, user, opening.refused, client, attempt)
        return opening.sessionId
      }
      const inTurn: InTurn = (work) => hashing.inTurn(logScope, client, work)
      const sessionId = await lockouts.attempt(logScope, { identifier, user, client }, check, inTurn)
      return signIn.finish(scope, sessionId, client)
    },

    confirm: createPasswordConfirmation({ users, lockouts, audit, hashing }),

    async createAccount(registration, { tenant: named, role, emailVerified }) {
      const { scope, tenant } = await tenants.existing(named)
      const input = await newUser(scope, tenant, registration, null)
      const account = { ...input, role: role ?? tenant.defaultRole, emailVerified, bySelf: false, client: null }
      return audit.transaction(async (tx, record) => {
        const user = await signIn.createAccount(scope, tx, record, account)
        if (user === null) throw new SallyportError('email_taken')
        // Nobody else would tell its owner how to get in.
        if (verification.mode === 'required' && !emailVerified) await verification.begin(scope, tx, user, null)
        return user
      })
    },
  }
}
