import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import type { Clock } from '../../runtime/clock.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { LinkService } from '../links/link-service.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { User } from '../users/user-types.js'

/** How long a link proves an address, in milliseconds. */
const PROOF_LIFETIME = 24 * 3_600_000
/** How long the owner of a former address can take the change back. */
const UNDO_LIFETIME = 7 * 24 * 3_600_000

type Recipient = Pick<User, 'id' | 'username' | 'locale'>

/** The account that a guest is to have. */
export interface GuestUpgrade {
  readonly guest: Pick<User, 'id' | 'username'>
  readonly email: string
  readonly passwordHash: string
  readonly role: string
  /** Who has that address. */
  readonly owner: User | null
}

export interface VerificationMail {
  /**
   * Has an address prove itself. For nobody's address the statements are the same, and nothing is sent; nor is it where
   * too many messages were asked for.
   */
  prove(
    scope: OneTenant,
    tx: Transaction<Tables>,
    to: string,
    user: Recipient | null,
    client: ClientContext | null,
  ): Promise<void>
  /** Has the address prove itself that a guest is to have an account with; where it has one, its owner is told instead. */
  proveGuest(scope: OneTenant, tx: Transaction<Tables>, upgrade: GuestUpgrade, client: ClientContext): Promise<void>
  /** Has the new address of an account prove itself; where it is somebody else's, they are told instead. */
  proveNew(
    scope: OneTenant,
    tx: Transaction<Tables>,
    change: {
      readonly user: User
      readonly newEmail: string
      /** Who has that address. */
      readonly owner: User | null
    },
    client: ClientContext,
  ): Promise<void>
  /** Tells the owner of an address that somebody wanted an account with it. */
  tellOwner(scope: OneTenant, tx: Transaction<Tables>, owner: User, client: ClientContext): Promise<void>
  /** Tells the former address of an account what became of it, and how to take it back. */
  tellFormer(
    scope: OneTenant,
    tx: Transaction<Tables>,
    change: { readonly user: Recipient; readonly from: string; readonly to: string },
    client: ClientContext,
  ): Promise<void>
}

export function createVerificationMail(parts: {
  readonly mail: MailService
  readonly links: LinkService
  readonly oneTimeTokens: OneTimeTokenService
  readonly clock: Clock
}): VerificationMail {
  const { mail, links, oneTimeTokens, clock } = parts

  async function tellOwner(
    scope: OneTenant,
    tx: Transaction<Tables>,
    owner: User,
    email: string,
    client: ClientContext,
    mayAsk: boolean,
  ): Promise<void> {
    await mail.enqueue(tx, {
      ...{ tenantId: scope.tenantId, to: email, userId: owner.id, locale: owner.locale, decoy: !mayAsk },
      template: 'already_registered',
      resetUrl: links.forgotPassword(),
      client: shown(client),
    })
  }

  return {
    async prove(scope, tx, to, user, client) {
      const recipient = (await mail.mayAsk(scope, tx, to)) ? user : null
      const userId = recipient?.id ?? null
      const proof = { purpose: 'email_verification', userId, email: to, lifetime: PROOF_LIFETIME } as const
      const { token, expiresAt } = await oneTimeTokens.issue(tx, scope, proof)
      await mail.enqueue(tx, {
        ...{ tenantId: scope.tenantId, to, userId, locale: localeOf(recipient, client), decoy: recipient === null },
        template: 'verify_email',
        ...{ url: links.to('verifyEmail', token), code: token, expiresAt },
        username: recipient?.username ?? null,
        client: shown(client),
      })
    },

    async proveGuest(scope, tx, { guest, email, passwordHash, role, owner }, client) {
      const mayAsk = await mail.mayAsk(scope, tx, email)
      const isReal = mayAsk && owner === null
      if (mayAsk) await oneTimeTokens.endAll(tx, scope, guest.id, ['guest_upgrade'])
      const { token, expiresAt } = await oneTimeTokens.issue(tx, scope, {
        purpose: 'guest_upgrade',
        userId: isReal ? guest.id : null,
        ...{ email, data: { password_hash: passwordHash, role }, lifetime: PROOF_LIFETIME },
      })
      if (owner !== null) return tellOwner(scope, tx, owner, email, client, mayAsk)
      await mail.enqueue(tx, {
        ...{ tenantId: scope.tenantId, to: email, userId: guest.id, locale: client.locale ?? null, decoy: !isReal },
        template: 'verify_email',
        ...{ url: links.to('verifyEmail', token), code: token, expiresAt },
        ...{ username: guest.username, client: shown(client) },
      })
    },

    async proveNew(scope, tx, { user, newEmail, owner }, client) {
      const mayAsk = await mail.mayAsk(scope, tx, newEmail)
      const isReal = mayAsk && owner === null
      if (mayAsk) await oneTimeTokens.endAll(tx, scope, user.id, ['email_change'])
      const { token, expiresAt } = await oneTimeTokens.issue(tx, scope, {
        purpose: 'email_change',
        userId: isReal ? user.id : null,
        email: newEmail,
        data: { from: user.email ?? '', ...(user.emailVerified && { proved: 'yes' }) },
        lifetime: PROOF_LIFETIME,
        credentialVersion: user.credentialVersion,
      })
      // The same whoever has that address: who asks may be able to read the present one.
      if (user.email !== null && user.emailVerified && user.email !== newEmail) {
        await mail.enqueue(tx, {
          ...{ tenantId: scope.tenantId, to: user.email, userId: user.id, locale: localeOf(user, client) },
          template: 'email_change_requested',
          ...{ newEmail: masked(newEmail), client: shown(client), at: clock.now() },
        })
      }
      if (owner !== null) return tellOwner(scope, tx, owner, newEmail, client, mayAsk && owner.id !== user.id)
      await mail.enqueue(tx, {
        ...{ tenantId: scope.tenantId, to: newEmail, userId: user.id, locale: localeOf(user, client), decoy: !isReal },
        template: 'email_change',
        ...{ url: links.to('emailChange', token), code: token, expiresAt },
        newEmail,
      })
    },

    async tellOwner(scope, tx, owner, client) {
      if (owner.email === null) return
      await tellOwner(scope, tx, owner, owner.email, client, await mail.mayAsk(scope, tx, owner.email))
    },

    async tellFormer(scope, tx, { user, from, to }, client) {
      const undo = { purpose: 'email_undo', userId: user.id, email: from, lifetime: UNDO_LIFETIME } as const
      const { token, expiresAt } = await oneTimeTokens.issue(tx, scope, undo)
      await mail.enqueue(tx, {
        ...{ tenantId: scope.tenantId, to: from, userId: user.id, locale: localeOf(user, client) },
        template: 'email_changed_notice',
        ...{ url: links.to('emailUndo', token), code: token, expiresAt },
        ...{ newEmail: masked(to), client: shown(client), at: clock.now() },
      })
    },
  }
}

function localeOf(user: Pick<User, 'locale'> | null, client: ClientContext | null) {
  return user?.locale ?? client?.locale ?? null
}

function shown(client: ClientContext | null) {
  return { ipAddress: client?.ipAddress ?? null, userAgent: client?.userAgent ?? null }
}

/** Enough to recognise one's own, and not enough to write to. */
function masked(email: string): string {
  const at = email.lastIndexOf('@')
  return `${[...email][0] ?? ''}***${email.slice(at)}`
}
