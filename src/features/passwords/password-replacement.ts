import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { RevocationReason } from '../sessions/session-types.js'
import type { UserWithPassword } from '../users/user-types.js'
import { forgetHashes, keepHash, recentHashes } from './password-history-store.js'

/** Why a password was replaced, and by whom. */
export interface Replacement {
  readonly type: 'password.changed' | 'password.reset'
  readonly by: 'owner' | 'administrator'
  /** The session that stays; null: none does. */
  readonly sessionId: string | null
  readonly client: ClientContext | null
  /** True where the account was given to its owner as new: what it had before is somebody else's. */
  readonly isNewOwner: boolean
}

/** What every replacement of a password has in common. */
export interface PasswordReplacement {
  /** The hashes that cannot be chosen again. */
  hashesBefore(user: UserWithPassword): Promise<readonly string[]>
  /**
   * In the transaction that replaced the password: ends other sessions and what was sent to prove something, keeps the
   * old hash where that is asked for, tells the owner, and records it.
   */
  follow(tx: Transaction<Tables>, record: RecordEvent, user: UserWithPassword, replacement: Replacement): Promise<void>
}

const REASONS = {
  'password.changed': 'password_changed',
  'password.reset': 'password_reset',
} as const satisfies Record<Replacement['type'], RevocationReason>

export function createPasswordReplacement(parts: {
  /** How many passwords cannot be chosen again, the present one among them. */
  readonly history: number
  readonly storage: Storage
  readonly clock: Clock
  readonly sessions: SessionService
  readonly oneTimeTokens: OneTimeTokenService
  readonly mail: MailService
}): PasswordReplacement {
  const { history, storage, clock, sessions, oneTimeTokens, mail } = parts

  async function remember(scope: OneTenant, tx: Transaction<Tables>, user: UserWithPassword, isNewOwner: boolean) {
    const keep = isNewOwner ? 0 : Math.max(0, history - 1)
    const at = clock.now()
    const { id: userId, passwordHash: hash } = user
    if (keep > 0 && hash !== null) await keepHash(scope, tx, userId, { id: uuidv7(at), hash, at })
    await forgetHashes(scope, tx, userId, keep)
  }

  return {
    async hashesBefore({ tenantId, id, passwordHash }) {
      if (history === 0) return []
      const earlier = history === 1 ? [] : await recentHashes(oneTenant(tenantId), storage.db, id, history - 1)
      return passwordHash === null ? earlier : [passwordHash, ...earlier]
    },

    async follow(tx, record, user, { type, by, sessionId, client, isNewOwner }) {
      const { id: userId, tenantId, email } = user
      const scope = oneTenant(tenantId)
      const actorId = by === 'owner' ? userId : null
      const ending = { userId, except: sessionId, reason: REASONS[type], actorId, client }
      const ended = await sessions.endAll(scope, tx, record, ending)
      await oneTimeTokens.endAll(tx, scope, userId)
      await remember(scope, tx, user, isNewOwner)
      // As long as nobody has proved the address it may be a stranger's, whom who has the account must not flood.
      const isTold = user.emailVerified || type === 'password.reset'
      if (email !== null && (isTold || (await mail.mayAsk(scope, tx, email)))) {
        const { ipAddress = null, userAgent = null } = client ?? {}
        await mail.enqueue(tx, {
          ...{ tenantId, to: email, userId, locale: user.locale ?? client?.locale ?? null },
          ...{ template: 'password_changed', client: { ipAddress, userAgent }, at: clock.now() },
        })
      }
      await record({ type, tenantId, actorId, userId, sessionId, client, data: { by, sessions_ended: ended } })
    },
  }
}
