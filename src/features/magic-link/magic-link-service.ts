import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { LinkService } from '../links/link-service.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { KeptToken } from '../one-time-tokens/one-time-token-types.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { IssuedTokens } from '../tokens/token-types.js'
import type { UserService } from '../users/user-service.js'
import type { User } from '../users/user-types.js'
import { bindingDigest, isBoundTo } from './magic-link-binding.js'
import type { MagicLinkAsked, MagicLinkPresented } from './magic-link-types.js'

/** Signs in who reads the mail of an account. There is such a service where `auth.magic_link` is true. */
export interface MagicLinkService {
  /**
   * Has a link sent to an account that may sign in. Unknown, disabled and too often asked for are the same work and the
   * same answer, and nobody gets an account by it.
   * @throws SallyportError `invalid_request` where two tenants are named
   */
  request(asked: MagicLinkAsked, tenant: NamedTenant, client: ClientContext): Promise<void>
  /**
   * Spends a link. An address that was not proved before is proved by it, and the account is its owner's from then on:
   * password and sessions from before are over.
   * @throws SallyportError `invalid_token`, `token_expired`, `account_locked`, `session_limit_reached`, `overloaded`;
   *   the link is spent by none of them
   */
  signIn(presented: MagicLinkPresented, tenant: NamedTenant, client: ClientContext): Promise<IssuedTokens>
}

/** Milliseconds. NIST SP 800-63B-4 §3.1.3.1 has ten minutes for codes by mail, OWASP an hour for links. */
const LIFETIME = 15 * 60_000

export function createMagicLinkService(parts: {
  readonly tenants: TenantService
  readonly users: UserService
  readonly audit: AuditService
  readonly mail: MailService
  readonly links: LinkService
  readonly oneTimeTokens: OneTimeTokenService
  readonly lockouts: LockoutService
  readonly signIn: SignInService
}): MagicLinkService {
  const { tenants, users, audit, mail, links, oneTimeTokens, lockouts, signIn } = parts

  async function refuse(user: User, reason: string, client: ClientContext, error: SallyportError): Promise<never> {
    const { tenantId, id: userId } = user
    await audit.transaction((_tx, record) =>
      record({ type: 'login.failed', tenantId, actorId: null, userId, sessionId: null, client, data: { reason } }),
    )
    throw error
  }

  /** Opens the session in the transaction that spends the link, which stays good where that is refused. */
  async function open(
    tx: Transaction<Tables>,
    record: RecordEvent,
    presented: MagicLinkPresented,
    kept: KeptToken & { readonly userId: string },
    client: ClientContext,
  ): Promise<string> {
    const scope = oneTenant(kept.tenantId)
    const spent = await oneTimeTokens.spend(tx, 'magic_link', presented.token, scope)
    const user = spent === null ? null : await users.find(scope, kept.userId, tx)
    if (user === null) throw await oneTimeTokens.refusal(tx, 'magic_link', presented.token, scope)
    const claim = { user, passwordHash: null, by: 'magic_link', client } as const
    const credentialVersion = user.emailVerified ? user.credentialVersion : await signIn.claim(scope, tx, record, claim)
    if (credentialVersion === null) throw new SallyportError('invalid_token')
    const opening = await signIn.open(scope, tx, record, {
      userId: user.id,
      credentialVersion,
      methods: ['magic_link'],
      remember: presented.remember ?? kept.data['remember'] !== 'false',
      client,
    })
    if ('sessionId' in opening) return opening.sessionId
    throw new SallyportError(opening.refused === 'session_limit_reached' ? opening.refused : 'invalid_token')
  }

  return {
    async request({ email, remember, binding }, named, client) {
      const { scope: asked, tenant } = await tenants.resolve(named)
      // An unknown tenant has neither tokens nor a log of its own.
      const scope = tenant === null ? oneTenant(DEFAULT_TENANT_ID) : asked
      const found = await users.findForSignIn(asked, email)
      await audit.transaction(async (tx, record) => {
        const mayAsk = await mail.mayAsk(scope, tx, email)
        const user = mayAsk && tenant !== null && found !== null && found.disabledAt === null ? found : null
        const { token, expiresAt } = await oneTimeTokens.issue(tx, scope, {
          purpose: 'magic_link',
          userId: user?.id ?? null,
          email,
          lifetime: LIFETIME,
          data: { remember: String(remember), ...(binding !== null && { binding: bindingDigest(binding) }) },
          ...(user !== null && { credentialVersion: user.credentialVersion }),
        })
        await mail.enqueue(tx, {
          ...{ template: 'magic_link', url: links.to('magicLink', token), code: token, expiresAt, client },
          ...{ tenantId: scope.tenantId, to: email, userId: user?.id ?? null, decoy: user === null },
          locale: found?.locale ?? client.locale ?? null,
        })
        const { tenantId } = scope
        const concerned = { tenantId, actorId: null, userId: tenant === null ? null : (found?.id ?? null) }
        const data = { sent: user !== null }
        await record({ type: 'magic_link.requested', ...concerned, sessionId: null, client, data })
      })
    },

    async signIn(presented, named, client) {
      const isNamed = named.body !== undefined || named.header !== null
      const asked = isNamed ? (await tenants.resolve(named)).scope : allTenants()
      const kept = await oneTimeTokens.peek('magic_link', presented.token, asked)
      if (kept === null) throw await oneTimeTokens.refusal(null, 'magic_link', presented.token, asked)
      const { userId, tenantId } = kept
      const scope = oneTenant(tenantId)
      const user = userId === null ? null : await users.find(scope, userId)
      if (userId === null || user === null) throw new SallyportError('invalid_token')
      if (!isBoundTo(kept.data['binding'], presented)) {
        const detail = 'Open the link in the browser in which you asked for it, or ask for another one.'
        return refuse(user, 'other_browser', client, new SallyportError('invalid_token', { detail }))
      }
      const attempted = { identifier: kept.email, user, client }
      const sessionId = await lockouts.attempt(scope, attempted, async (attempt) => {
        try {
          return await audit.transaction(async (tx, record) => {
            const id = await open(tx, record, presented, { ...kept, userId }, client)
            await attempt.succeed(tx)
            return id
          })
        } catch (error) {
          if (!(error instanceof SallyportError) || error.status >= 500) throw error
          return refuse(user, error.code, client, error)
        }
      })
      return signIn.finish(scope, sessionId, client)
    },
  }
}
