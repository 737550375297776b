import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { isUuid } from '../../runtime/ids.js'
import { allTenants, type OneTenant } from '../../storage/tenant-scope.js'
import { type AccessService, permissionsOf } from '../access/access-service.js'
import type { AuditService } from '../audit/audit-service.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { IssuedTokens } from '../tokens/token-types.js'
import type { UserService } from '../users/user-service.js'
import { defaultUsername, type User, type UserAnswer } from '../users/user-types.js'
import { DEVELOPER, type Persona } from './bypass-types.js'

/** Signs anybody in. There is such a service in bypass mode alone, and nowhere else are its sessions honoured. */
export interface BypassService {
  /**
   * Signs somebody in who has proved nothing, and makes the account where there is none: without a password, so that
   * nobody signs in to it in another mode.
   * @throws SallyportError `invalid_request` (no such tenant), `account_disabled`, `overloaded`
   */
  login(persona: Persona, tenant: NamedTenant, client: ClientContext): Promise<IssuedTokens>
  /**
   * Demo sign-in of a connection: whoever says any user id is that user, made where there is none; without one, the
   * developer. @throws as `login`
   */
  demo(userId: string | null, client: ClientContext): Promise<IssuedTokens>
  /** The developer, made where there is none. @throws SallyportError `invalid_request` (no such tenant) */
  developer(tenant: NamedTenant, client: ClientContext): Promise<UserAnswer>
}

/** Somebody else may make or change the same account meanwhile: then it is looked for again. */
const ATTEMPTS = 5

export function createBypassService(parts: {
  readonly tenants: TenantService
  readonly users: UserService
  readonly access: AccessService
  readonly audit: AuditService
  readonly signIn: SignInService
}): BypassService {
  const { tenants, users, access, audit, signIn } = parts

  /**
   * Does something in one transaction with the account of the persona.
   * @param work gives null where the account has changed since it was read
   */
  async function withAccount<Result>(
    persona: Persona,
    named: NamedTenant,
    client: ClientContext,
    work: (scope: OneTenant, user: User, ...transaction: Transaction) => Promise<Result | null>,
  ): Promise<Result> {
    const { scope, tenant } = await tenants.existing(named)
    const { email, username = defaultUsername(email), id } = persona
    const account = {
      ...(id !== undefined && { id }),
      ...{ email, username, passwordHash: null },
      ...{ role: tenant.defaultRole, bySelf: false, client, data: { by: 'bypass' } },
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await users.findForSignIn(scope, email)
      const result = await audit.transaction(async (tx, record) => {
        const user = known ?? (await signIn.createAccount(scope, tx, record, account))
        return user === null ? null : work(scope, user, tx, record)
      })
      if (result !== null) return result
    }
    throw new SallyportError('overloaded', { retryAfter: 1 })
  }

  return {
    async login(persona, named, client) {
      const { scope, opening } = await withAccount(persona, named, client, async (scope, user, tx, record) => {
        const { id: userId, credentialVersion } = user
        if (user.disabledAt !== null) {
          const event = { tenantId: scope.tenantId, actorId: null, userId, sessionId: null, client }
          await record({ ...event, type: 'login.failed', data: { reason: 'account_disabled' } })
          return { scope, opening: null }
        }
        const proven = { userId, credentialVersion, methods: ['bypass'], remember: true, client } as const
        const opening = await signIn.open(scope, tx, record, proven)
        // The account moved on meanwhile: looked at again.
        const isStale = 'refused' in opening && opening.refused === 'invalid_credentials'
        return isStale ? null : { scope, opening }
      })
      if (opening === null) throw new SallyportError('account_disabled')
      if ('refused' in opening) throw new SallyportError(opening.refused)
      return signIn.finish(scope, opening.sessionId, client)
    },

    async demo(userId, client) {
      if (userId === null) return this.login(DEVELOPER, HERE, client)
      const id = userId.toLowerCase()
      const known = isUuid(id) ? await users.find(allTenants(), id) : null
      if (known?.email) return this.login({ email: known.email }, { body: known.tenantId, header: null }, client)
      const local = id.replace(/[^a-z0-9._-]+/g, '-').slice(0, 64) || 'demo'
      const named = known === null && isUuid(id) ? { id } : {}
      return this.login({ email: `${local}@localhost`, ...named }, HERE, client)
    },

    async developer(named, client) {
      const { scope, user } = await withAccount(DEVELOPER, named, client, async (scope, user) => ({ scope, user }))
      const roles = await access.roles(scope, user.id)
      return {
        id: user.id,
        email: user.email,
        username: user.username,
        email_verified: user.emailVerified,
        tenant_id: user.tenantId,
        roles: [...roles],
        permissions: [...permissionsOf(roles)],
        is_guest: user.isGuest,
        created_at: new Date(user.createdAt).toISOString(),
      }
    },
  }
}

const HERE: NamedTenant = { body: undefined, header: null }

type Transaction = Parameters<Parameters<AuditService['transaction']>[0]>
