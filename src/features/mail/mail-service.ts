import type { Transaction } from 'kysely'
import type { MasterKey } from '../../crypto/master-key.js'
import { assertOneAddress } from '../../delivery/mail-address.js'
import { mailContent } from '../../delivery/mail-content.js'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import { countTarget, deleteTargets, insertMail } from './mail-store.js'
import type { OutgoingMail, QueuedMail } from './mail-types.js'

export interface MailService {
  /**
   * Queues a message in the transaction of its cause. Never waits for the mail server: the message leaves once the
   * transaction is committed, and is tried again for a day, or as long as what it carries is good for.
   * @throws TypeError where `to` is not exactly one address
   */
  enqueue(tx: Transaction<Tables>, message: OutgoingMail): Promise<void>
  /**
   * Counts one request of somebody who wants a message sent to `email`, whether or not it has an account. Where false,
   * too many were asked for: then a decoy is queued instead, nothing that was sent before is ended, and the answer is
   * the same.
   * @param email in its one spelling
   */
  mayAsk(scope: OneTenant, tx: Transaction<Tables>, email: string): Promise<boolean>
  /** Removes a batch of what is over. @returns how many rows */
  cleanUp(): Promise<number>
}

export interface MailSettings {
  /** Messages that may be asked for to be sent to one address in one window; null: as many as are asked for. */
  readonly target: { readonly requests: number; readonly window: number } | null
}

/** How long a message is tried, in milliseconds, unless what it carries ends before. */
const LIFETIME = 24 * 3_600_000
const BATCH = 500

export function createMailService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly masterKey: MasterKey
  readonly settings: MailSettings
}): MailService {
  const { storage, clock, masterKey, settings } = parts
  const sealer = masterKey.sealerFor('mail')
  const mac = masterKey.macFor('mail recipients')
  const recipientOf = (tenantId: string, email: string) => mac(`${tenantId} ${email}`).toString('base64url')

  return {
    async enqueue(tx, { tenantId, to, userId = null, locale, decoy = false, ...content }) {
      assertOneAddress(to)
      const id = uuidv7(clock.now())
      // What a message does not need of its cause is not kept.
      const queued: QueuedMail = { to, userId, locale, decoy, content: mailContent.parse(content) }
      await insertMail(oneTenant(tenantId), tx, storage, {
        id,
        recipient: recipientOf(tenantId, to),
        sealed: sealer.seal(id, Buffer.from(JSON.stringify(queued), 'utf8')),
        expiresAt: 'expiresAt' in content ? content.expiresAt : null,
        lifetime: LIFETIME,
      })
    },
    async mayAsk(scope, tx, email) {
      const { target } = settings
      if (target === null) return true
      const key = recipientOf(scope.tenantId, email)
      return (await countTarget(scope, tx, storage, { key, window: target.window })) <= target.requests
    },
    cleanUp: () => deleteTargets(allTenants(), storage, BATCH),
  }
}
