import type { Transaction } from 'kysely'
import type { z } from 'zod'
import type { Config } from '../../config/config.js'
import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import type { AccessService } from '../access/access-service.js'
import type { AuditService } from '../audit/audit-service.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { LinkService } from '../links/link-service.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { KeptToken } from '../one-time-tokens/one-time-token-types.js'
import type { PasswordService } from '../passwords/password-service.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { IssuedTokens } from '../tokens/token-types.js'
import type { UserService } from '../users/user-service.js'
import { defaultUsername, type NewUser, type User } from '../users/user-types.js'
import type { Invitation, invitationInput, RegistrationRequest } from './invitation-types.js'

/** Accounts for those whom somebody wants here: address, tenant and role are decided when they are invited. */
export interface InvitationService {
  /**
   * Sends an invitation, which ends an earlier one of the same address in the tenant. Its token is told to nobody else:
   * who brings it has read the mail.
   * @throws SallyportError `forbidden` (registration is closed), `invalid_request` (no such tenant or role),
   *   `email_taken` (an account with that address has proved it)
   */
  create(asked: z.output<typeof invitationInput>, by: Inviter): Promise<Invitation>
  /** Those that can still be accepted. Pages of at most 200, in order of creation. */
  list(
    scope: TenantScope,
    page: { readonly cursor: string | null; readonly limit: number },
  ): Promise<{ readonly items: readonly Invitation[]; readonly nextCursor: string | null }>
  /** @throws SallyportError `not_found` */
  revoke(scope: TenantScope, id: string, by: Inviter): Promise<void>
  /**
   * Registers somebody, by the invitation where the request has one: then with its address, which is proved by it, in
   * its tenant and with its role. An account of that address which nobody has proved is claimed.
   * @throws SallyportError what `PasswordService.register` throws; with an invitation `invalid_token`, `token_expired`,
   *   `account_disabled`, and none of them spends it
   */
  register(
    request: RegistrationRequest,
    named: NamedTenant,
    client: ClientContext,
  ): ReturnType<PasswordService['register']>
}

/** Who invites; null for the command line and the host application. */
interface Inviter {
  readonly actorId: string | null
  readonly client: ClientContext | null
}

export function createInvitationService(parts: {
  readonly config: Config
  readonly tenants: TenantService
  readonly users: UserService
  readonly access: AccessService
  readonly audit: AuditService
  readonly mail: MailService
  readonly links: LinkService
  readonly oneTimeTokens: OneTimeTokenService
  readonly passwords: Pick<PasswordService, 'register' | 'hashForInvitation'>
  readonly signIn: SignInService
}): InvitationService {
  const { config, tenants, users, access, audit, mail, links, oneTimeTokens, passwords, signIn } = parts

  function assertNotClosed(): void {
    if (config.auth.registration !== 'closed') return
    throw new SallyportError('forbidden', { detail: 'Registration is closed here, for invited people too.' })
  }

  async function accept(
    { email, password, username, invitation }: RegistrationRequest & { readonly invitation: string },
    named: NamedTenant,
    client: ClientContext,
  ): Promise<IssuedTokens> {
    assertNotClosed()
    const isNamed = named.body !== undefined || named.header !== null
    const asked = isNamed ? (await tenants.resolve(named)).scope : allTenants()
    const kept = await oneTimeTokens.peek('invitation', invitation, asked)
    if (kept === null) throw await oneTimeTokens.refusal(null, 'invitation', invitation, asked)
    if (email !== undefined && email !== kept.email) {
      const errors = [{ path: 'email', message: 'differs from the address that was invited' }]
      throw new SallyportError('invalid_request', { detail: 'The invitation is for another address.', errors })
    }
    const { scope, tenant } = await tenants.existing({ body: kept.tenantId, header: null })
    const invited = { email: kept.email, username: username ?? defaultUsername(kept.email) }
    const passwordHash = await passwords.hashForInvitation(scope, tenant, { ...invited, password }, client)
    const opening = await audit.transaction(async (tx, record) => {
      const spent = await oneTimeTokens.spend(tx, 'invitation', invitation, scope)
      if (spent === null) throw await oneTimeTokens.refusal(tx, 'invitation', invitation, scope)
      const account = { ...invited, passwordHash, emailVerified: true, locale: client.locale ?? null }
      const { id: userId, credentialVersion } = await welcome(scope, tx, record, spent, account, client)
      const event = { tenantId: scope.tenantId, actorId: userId, userId, sessionId: null, client }
      await record({ ...event, type: 'invitation.accepted', data: { invitation_id: spent.id } })
      const proven = { userId, credentialVersion, methods: ['password'], remember: true, client } as const
      return signIn.open(scope, tx, record, proven)
    })
    if ('refused' in opening) throw new SallyportError(opening.refused)
    return signIn.finish(scope, opening.sessionId, client)
  }

  /** A new account, or the one that somebody made with the address without having proved it. */
  async function welcome(
    scope: OneTenant,
    tx: Transaction<Tables>,
    record: RecordEvent,
    { data }: KeptToken,
    account: NewUser & { readonly passwordHash: string },
    client: ClientContext,
  ): Promise<Pick<User, 'id' | 'credentialVersion'>> {
    const role = data['role'] ?? ''
    const made = { ...account, role, bySelf: true, client, data: { by: 'invitation' } }
    const user = await signIn.createAccount(scope, tx, record, made)
    if (user !== null) return user
    const existing = await users.findForSignIn(scope, account.email, tx)
    if (existing === null || existing.emailVerified) throw new SallyportError('email_taken')
    const claim = { user: existing, passwordHash: account.passwordHash, by: 'invitation', client } as const
    const credentialVersion = await signIn.claim(scope, tx, record, claim)
    if (credentialVersion === null) throw new SallyportError('account_disabled')
    // The name was chosen by whoever stood there before, too.
    await users.update(scope, tx, existing.id, { username: account.username })
    await access.grant(scope, tx, record, { userId: existing.id, role, actorId: null, client })
    return { id: existing.id, credentialVersion }
  }

  return {
    async create({ email, role: asked, tenant_id, expires_in, inviter = null }, { actorId, client }) {
      assertNotClosed()
      const { scope, tenant } = await tenants.existing({ body: tenant_id, header: null })
      const role = asked ?? tenant.defaultRole
      access.assertRole(role)
      const existing = await users.findForSignIn(scope, email)
      if (existing?.emailVerified === true) throw new SallyportError('email_taken')
      return audit.transaction(async (tx, record) => {
        const lifetime = expires_in * 1000
        const request = { purpose: 'invitation', userId: null, email, lifetime, data: { role } } as const
        const { id, token, createdAt, expiresAt } = await oneTimeTokens.issue(tx, scope, request)
        await mail.enqueue(tx, {
          ...{ template: 'invitation', url: links.to('invitation', token), code: token, expiresAt },
          ...{ inviter, tenantName: tenant.id === DEFAULT_TENANT_ID ? null : tenant.name },
          ...{ tenantId: tenant.id, to: email, locale: existing?.locale ?? client?.locale ?? null },
        })
        const event = { tenantId: tenant.id, actorId, userId: existing?.id ?? null, sessionId: null, client }
        await record({ ...event, type: 'invitation.created', data: { invitation_id: id, role } })
        return { id, tenantId: tenant.id, email, role, createdAt, expiresAt }
      })
    },
    async list(scope, page) {
      const { items, nextCursor } = await oneTimeTokens.list(scope, 'invitation', page)
      return { items: items.map(toInvitation), nextCursor }
    },
    async revoke(scope, id, { actorId, client }) {
      await audit.transaction(async (tx, record) => {
        const revoked = await oneTimeTokens.revoke(tx, scope, 'invitation', id)
        if (revoked === null) throw new SallyportError('not_found', { detail: 'There is no such invitation.' })
        const { tenantId } = revoked
        const event = { tenantId, actorId, userId: null, sessionId: null, client }
        await record({ ...event, type: 'invitation.revoked', data: { invitation_id: id } })
      })
    },
    register({ email, invitation, ...request }, named, client) {
      if (invitation !== undefined) return accept({ email, invitation, ...request }, named, client)
      if (email !== undefined) return passwords.register({ email, ...request }, named, client)
      const errors = [{ path: 'email', message: 'is required' }]
      throw new SallyportError('invalid_request', { errors })
    },
  }
}

function toInvitation({ id, tenantId, email, data, createdAt, expiresAt }: KeptToken): Invitation {
  return { id, tenantId, email, role: data['role'] ?? '', createdAt, expiresAt }
}
