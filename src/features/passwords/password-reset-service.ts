import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import { type OneTenant, oneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { LinkService } from '../links/link-service.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { UserService } from '../users/user-service.js'
import type { User, UserWithPassword } from '../users/user-types.js'
import type { PasswordHashing } from './password-hashing.js'
import type { PasswordReplacement } from './password-replacement.js'

export interface PasswordResetService {
  /**
   * Has a link sent to an address, by which its owner sets a new password. Whatever there is, the answer and the work
   * are the same: for an address without an account, or one that is disabled or was asked for too often, a token that
   * opens nothing and a message that is not sent are made.
   * @throws SallyportError `invalid_request` (two tenants named)
   */
  forgot(email: string, tenant: NamedTenant, client: ClientContext): Promise<void>
  /**
   * Replaces the password of the account that a token was sent to, which proves the address. Every session ends, and
   * none is opened; wrong guesses are forgiven. A password that is refused leaves the token good.
   * @throws SallyportError `invalid_token`, `token_expired`, `weak_password`, `breached_password`, `overloaded`
   */
  reset(token: string, password: string, client: ClientContext): Promise<void>
  /**
   * The same as `forgot`, decided by somebody who knows the account: for the command line and the host application.
   * @throws SallyportError `not_found`, `account_disabled`
   */
  sendLink(scope: TenantScope, userId: string): Promise<void>
}

/** Milliseconds. */
const LIFETIME = 15 * 60_000
const PURPOSE = 'password_reset'

export function createPasswordResetService(parts: {
  readonly audit: AuditService
  readonly users: UserService
  readonly tenants: TenantService
  readonly links: LinkService
  readonly mail: MailService
  readonly oneTimeTokens: OneTimeTokenService
  readonly lockouts: LockoutService
  readonly signIn: SignInService
  readonly hashing: PasswordHashing
  readonly replacement: PasswordReplacement
}): PasswordResetService {
  const { audit, users, tenants, links, mail, oneTimeTokens, lockouts, signIn, hashing, replacement } = parts

  /** @param isAsked false where somebody else than the caller decided, and no cap applies */
  async function send(
    scope: OneTenant,
    email: string,
    user: User | null,
    client: ClientContext | null,
    isAsked: boolean,
  ): Promise<void> {
    const { tenantId } = scope
    await audit.transaction(async (tx, record) => {
      const mayAsk = !isAsked || (await mail.mayAsk(scope, tx, email))
      const owner = user === null || user.disabledAt !== null || !mayAsk ? null : user
      const { token, expiresAt } = await oneTimeTokens.issue(tx, scope, {
        ...{ purpose: PURPOSE, userId: owner?.id ?? null, email, lifetime: LIFETIME },
        ...(owner && { credentialVersion: owner.credentialVersion }),
      })
      const { ipAddress = null, userAgent = null } = client ?? {}
      await mail.enqueue(tx, {
        ...{ tenantId, to: email, userId: owner?.id ?? null, locale: owner?.locale ?? client?.locale ?? null },
        ...{ template: 'reset_password', url: links.to('resetPassword', token), code: token, expiresAt },
        ...{ client: { ipAddress, userAgent }, decoy: owner === null },
      })
      const data = { by: isAsked ? 'owner' : 'administrator' }
      const event = { tenantId, actorId: null, userId: user?.id ?? null, sessionId: null, client, data }
      await record({ ...event, type: 'password.reset_requested' })
    })
  }

  async function ownerOf(token: string): Promise<UserWithPassword | null> {
    const kept = await oneTimeTokens.peek(PURPOSE, token)
    if (kept === null || kept.userId === null) return null
    const user = await users.findWithPassword(oneTenant(kept.tenantId), kept.userId)
    return user === null || user.disabledAt !== null ? null : user
  }

  /** True where the token was spent and the password replaced; nothing has happened otherwise. */
  async function replace(token: string, user: UserWithPassword, passwordHash: string, client: ClientContext) {
    const scope = oneTenant(user.tenantId)
    const { id: userId, credentialVersion, email, emailVerified } = user
    return audit.transaction(async (tx, record) => {
      const spent = await oneTimeTokens.spend(tx, PURPOSE, token, scope)
      if (spent?.userId !== userId) return false
      // Whoever made the account before its address was proved may be somebody else: nothing of theirs stays.
      const version = emailVerified
        ? await users.setPassword(scope, tx, userId, { credentialVersion, passwordHash })
        : await signIn.claim(scope, tx, record, { user, passwordHash, by: PURPOSE, client })
      if (version === null) throw new SallyportError('conflict', { detail: 'The account was changed meanwhile.' })
      const by = { by: 'owner', sessionId: null, client, isNewOwner: !emailVerified } as const
      await replacement.follow(tx, record, user, { type: 'password.reset', ...by })
      if (email !== null) await lockouts.forgive(tx, record, scope, email, { actorId: userId, client })
      return true
    })
  }

  return {
    async forgot(email, named, client) {
      const { scope, tenant } = await tenants.resolve(named)
      const user = tenant === null ? null : await users.findForSignIn(scope, email)
      // An unknown tenant has no log of its own.
      await send(tenant === null ? oneTenant(DEFAULT_TENANT_ID) : scope, email, user, client, true)
    },

    async reset(token, password, client) {
      const user = await ownerOf(token)
      if (user === null) throw await oneTimeTokens.refusal(null, PURPOSE, token)
      const { scope, tenant } = await tenants.existing({ body: user.tenantId, header: null })
      const registrant = { email: user.email, username: user.username, password }
      const hashes = user.emailVerified ? await replacement.hashesBefore(user) : []
      const hash = await hashing.accept(scope, tenant, registrant, client, { hashes, field: 'new_password' })
      if (!(await replace(token, user, hash, client))) throw await oneTimeTokens.refusal(null, PURPOSE, token)
    },

    async sendLink(scope, userId) {
      const user = await users.find(scope, userId)
      if (user === null || user.email === null)
        throw new SallyportError('not_found', { detail: 'There is no such user.' })
      if (user.disabledAt !== null) throw new SallyportError('account_disabled')
      await send(oneTenant(user.tenantId), user.email, user, null, false)
    },
  }
}
