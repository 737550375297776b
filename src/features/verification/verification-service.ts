import type { Transaction } from 'kysely'
import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Tables } from '../../storage/tables.js'
import { type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { LinkService } from '../links/link-service.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { KeptToken } from '../one-time-tokens/one-time-token-types.js'
import type { SessionService } from '../sessions/session-service.js'
import type { NamedTenant, TenantService } from '../tenants/tenant-service.js'
import type { TokenService } from '../tokens/token-service.js'
import type { UserService } from '../users/user-service.js'
import type { User } from '../users/user-types.js'
import { createVerificationMail, type GuestUpgrade } from './verification-mail.js'
import { undoEmailChange } from './verification-undo.js'

/** @returns false where the guest is gone, or has an account */
export type CompleteUpgrade = (
  tx: Transaction<Tables>,
  record: RecordEvent,
  account: {
    readonly tenantId: string
    readonly userId: string
    readonly email: string
    readonly passwordHash: string
    readonly role: string
    readonly client: ClientContext
  },
) => Promise<boolean>

export interface VerificationService {
  /** `required`: nobody signs in with an address that has not proved itself. */
  readonly mode: 'off' | 'optional' | 'required'
  /** Has the address of a new account prove itself, in the transaction that makes it; nothing happens where that is off. */
  begin(scope: OneTenant, tx: Transaction<Tables>, user: User, client: ClientContext | null): Promise<void>
  /** Tells the owner of an address, in the caller's transaction, that somebody wanted an account with it. */
  tellOwner(
    scope: OneTenant,
    tx: Transaction<Tables>,
    record: RecordEvent,
    owner: User,
    client: ClientContext,
  ): Promise<void>
  /** Has the address prove itself that a guest is to have an account with, in the caller's transaction. */
  beginGuest(scope: OneTenant, tx: Transaction<Tables>, upgrade: GuestUpgrade, client: ClientContext): Promise<void>
  /** Names who makes the account of a guest once its address has proved itself. */
  onGuestProved(complete: CompleteUpgrade): void
  /**
   * Takes the token of a mail for the proof of an address: the one that an account has, or the one that it is to have.
   * @throws SallyportError `invalid_token`, `token_expired`; `email_taken` where somebody else has that address by now
   */
  verify(token: string, client: ClientContext): Promise<void>
  /** Sends a caller the link once more, unless there is nothing to prove. */
  resendOwn(identity: Identity, client: ClientContext): Promise<void>
  /** The same for whoever asks: neither answer nor work tells whether that address has an account. */
  resendTo(email: string, tenant: NamedTenant, client: ClientContext): Promise<void>
  /**
   * Begins to give a caller's account another address, which counts once it has proved itself. Neither answer nor work
   * tells whether it is somebody else's.
   * @throws SallyportError `reauthentication_required`, `forbidden` (a guest), `session_revoked`
   */
  requestChange(identity: Identity, newEmail: string, client: ClientContext): Promise<void>
  /**
   * Gives an account its former address back, for its owner and nobody else: every session ends, and no password signs
   * in until a new one is set.
   * @throws SallyportError `invalid_token`, `token_expired`; `email_taken` where somebody has proved that address since
   */
  undoChange(token: string, client: ClientContext): Promise<void>
}

export function createVerificationService(parts: {
  readonly mode: VerificationService['mode']
  readonly clock: Clock
  readonly audit: AuditService
  readonly tenants: TenantService
  readonly users: UserService
  readonly lockouts: Pick<LockoutService, 'follow'>
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly mail: MailService
  readonly links: LinkService
  readonly oneTimeTokens: OneTimeTokenService
}): VerificationService {
  const { mode, lockouts, audit, tenants, users, tokens, oneTimeTokens } = parts
  const letters = createVerificationMail(parts)
  let completeUpgrade: CompleteUpgrade = async () => false

  /** The address proved itself: whatever else was under way with it before is over. */
  async function prove(tx: Transaction<Tables>, record: RecordEvent, spent: KeptToken, client: ClientContext) {
    const { tenantId, userId, email } = spent
    const scope = oneTenant(tenantId)
    if (userId === null || !(await users.setEmailVerified(scope, tx, userId, email))) return
    // Who made the account may have had another address in mind for it, before the owner of this one knew of it.
    await oneTimeTokens.endAll(tx, scope, userId, ['email_verification', 'email_change'])
    const event = { tenantId, actorId: userId, userId, sessionId: null, client }
    await record({ ...event, type: 'email.verified', data: { by: 'email', claimed: false } })
  }

  async function change(
    tx: Transaction<Tables>,
    record: RecordEvent,
    spent: KeptToken,
    client: ClientContext,
  ): Promise<boolean> {
    const { tenantId, userId, email: to, data } = spent
    const { from = '', proved } = data
    const scope = oneTenant(tenantId)
    const user = userId === null ? null : await users.replaceEmail(scope, tx, userId, { from, to })
    if (userId === null || user === null) return false
    await lockouts.follow(scope, tx, { from, to })
    // They were sent to an address that is no longer the account's.
    await oneTimeTokens.endAll(tx, scope, userId)
    const event = { tenantId, actorId: userId, userId, sessionId: null, client }
    await record({ ...event, type: 'email.changed' })
    // Nobody has shown that the former address was theirs: it may be a stranger's.
    if (proved !== undefined) await letters.tellFormer(scope, tx, { user, from, to }, client)
    return true
  }

  async function makeAccount(tx: Transaction<Tables>, record: RecordEvent, spent: KeptToken, client: ClientContext) {
    const { tenantId, userId, email, data } = spent
    const { password_hash: passwordHash, role } = data
    if (userId === null || passwordHash === undefined || role === undefined) return false
    if (!(await completeUpgrade(tx, record, { tenantId, userId, email, passwordHash, role, client }))) return false
    await prove(tx, record, spent, client)
    return true
  }

  async function refusalOf(token: string): Promise<SallyportError> {
    for (const purpose of ['email_verification', 'email_change', 'guest_upgrade'] as const) {
      const refusal = await oneTimeTokens.refusal(null, purpose, token)
      if (refusal.code === 'token_expired') return refusal
    }
    return oneTimeTokens.refusal(null, 'email_verification', token)
  }

  async function resend(scope: OneTenant, email: string, user: User | null, client: ClientContext): Promise<void> {
    const isPending = mode !== 'off' && user !== null && !user.emailVerified && user.disabledAt === null
    await audit.transaction(async (tx, record) => {
      await letters.prove(scope, tx, email, isPending ? user : null, client)
      const about = { tenantId: scope.tenantId, actorId: null, userId: user?.id ?? null, sessionId: null, client }
      await record({ ...about, type: 'email.verification_requested' })
    })
  }

  return {
    mode,

    async begin(scope, tx, user, client) {
      if (mode !== 'off' && user.email !== null) await letters.prove(scope, tx, user.email, user, client)
    },

    async tellOwner(scope, tx, record, owner, client) {
      await letters.tellOwner(scope, tx, owner, client)
      const about = { tenantId: scope.tenantId, actorId: null, userId: owner.id, sessionId: null, client }
      await record({ ...about, type: 'registration.repeated' })
    },

    beginGuest: (scope, tx, upgrade, client) => letters.proveGuest(scope, tx, upgrade, client),
    onGuestProved(complete) {
      completeUpgrade = complete
    },

    async verify(token, client) {
      const isDone = await audit.transaction(async (tx, record) => {
        const proof = await oneTimeTokens.spend(tx, 'email_verification', token)
        if (proof !== null) {
          await prove(tx, record, proof, client)
          return true
        }
        const changing = await oneTimeTokens.spend(tx, 'email_change', token)
        if (changing !== null) return change(tx, record, changing, client)
        const upgrade = await oneTimeTokens.spend(tx, 'guest_upgrade', token)
        return upgrade !== null && makeAccount(tx, record, upgrade, client)
      })
      if (!isDone) throw await refusalOf(token)
    },

    async resendOwn(identity, client) {
      const scope = oneTenant(identity.tenantId)
      const user = await users.find(scope, identity.userId)
      if (user === null) throw new SallyportError('session_revoked')
      // A guest has nothing to prove.
      if (user.email !== null) await resend(scope, user.email, user, client)
    },

    async resendTo(email, named, client) {
      const { scope, tenant } = await tenants.resolve(named)
      const user = tenant === null ? null : await users.findForSignIn(scope, email)
      // An unknown tenant has neither tokens nor a log of its own.
      await resend(tenant === null ? oneTenant(DEFAULT_TENANT_ID) : scope, email, user, client)
    },

    async requestChange(identity, newEmail, client) {
      const { tenantId, userId, sessionId } = identity
      if (identity.isGuest) throw new SallyportError('forbidden', { detail: 'A guest has no address.' })
      await tokens.assertRecent(identity)
      const scope = oneTenant(tenantId)
      const user = await users.find(scope, userId)
      if (user === null || user.disabledAt !== null) throw new SallyportError('session_revoked')
      const owner = await users.findForSignIn(scope, newEmail)
      await audit.transaction(async (tx, record) => {
        await letters.proveNew(scope, tx, { user, newEmail, owner }, client)
        await record({ type: 'email.change_requested', tenantId, actorId: userId, userId, sessionId, client })
      })
    },

    async undoChange(token, client) {
      const isDone = await audit.transaction(async (tx, record) => {
        const spent = await oneTimeTokens.spend(tx, 'email_undo', token)
        return spent !== null && (await undoEmailChange(parts, tx, record, spent, client))
      })
      if (!isDone) throw await oneTimeTokens.refusal(null, 'email_undo', token)
    },
  }
}
