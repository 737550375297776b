import type { Transaction } from 'kysely'
import type { MasterKey } from '../../crypto/master-key.js'
import { assertOneAddress } from '../../delivery/mail-address.js'
import { mailContent } from '../../delivery/mail-content.js'
import type { MailTransport } from '../../delivery/mail-message.js'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Logger } from '../../runtime/logger.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import { createMailSender, type MailSender, type SenderSettings } from './mail-sender.js'
import { countMail, countTarget, deleteTargets, insertMail } from './mail-store.js'
import { MAIL_OUTCOMES, type MailOutcome, type OutgoingMail, type QueuedMail } from './mail-types.js'

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

/** What sends the queue, for who composes. */
export interface MailOffice extends MailService, MailSender {
  /** Milliseconds between two looks into the queue: the floor, where nothing tells of a message. */
  readonly period: number
  /** How many attempts ended how, on this node. */
  readonly outcomes: ReadonlyMap<MailOutcome, number>
  /** How many messages wait in the whole deployment, as it was counted a short while ago; null before the first time. */
  readonly waiting: number | null
}

export interface MailSettings extends SenderSettings {
  /** Messages that may be asked for to be sent to one address in one window; null: as many as are asked for. */
  readonly target: { readonly requests: number; readonly window: number } | null
}

/** How long a message is tried, in milliseconds, unless what it carries ends before. */
const LIFETIME = 24 * 3_600_000
const BATCH = 500
const PERIOD = 2_000
/** Milliseconds between two counts of what waits. */
const COUNT_PERIOD = 15_000
/** Messages queued here and not yet taken by anybody that are looked for after a commit. */
const MOST_AWAITED = 1_000
/** A transaction that took longer was not committed, or another node has sent its messages. */
const AWAIT_FOR = 5_000

export function createMailService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: AuditService
  readonly masterKey: MasterKey
  readonly transport: MailTransport
  readonly settings: MailSettings
}): MailOffice {
  const { storage, clock, logger, audit, masterKey, settings } = parts
  const sealer = masterKey.sealerFor('mail')
  const mac = masterKey.macFor('mail recipients')
  const recipientOf = (tenantId: string, email: string) => mac(`${tenantId} ${email}`).toString('base64url')
  const outcomes = new Map<MailOutcome, number>(MAIL_OUTCOMES.map((outcome) => [outcome, 0]))
  /** When each was queued. Whether its transaction was committed is not known before it is found in the queue. */
  const awaited = new Map<string, number>()
  const sender = createMailSender({
    ...parts,
    sealer,
    onClaim: (ids) => {
      for (const id of ids) awaited.delete(id)
    },
    onOutcome: (outcome) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
  })

  let waiting: { readonly count: number; readonly at: number } | null = null
  async function count(): Promise<void> {
    const at = clock.now()
    if (waiting !== null && Math.abs(at - waiting.at) < COUNT_PERIOD) return
    waiting = { count: await countMail(allTenants(), storage), at }
  }

  let isOutOfReach = false

  function isAwaiting(): boolean {
    const now = clock.now()
    for (const [id, since] of awaited) {
      if (awaited.size <= MOST_AWAITED && Math.abs(now - since) < AWAIT_FOR) break
      awaited.delete(id)
    }
    return awaited.size > 0
  }

  // Where the clock is a test's, mail leaves when the test says so.
  if (!clock.controlled) {
    audit.subscribe(() => {
      if (isAwaiting()) sender.poll().catch(() => undefined)
    })
  }

  return {
    ...sender,
    period: PERIOD,
    outcomes,
    get waiting() {
      return waiting?.count ?? null
    },
    async poll() {
      try {
        await sender.poll()
        await count()
        isOutOfReach = false
      } catch (error) {
        // Once: the queue is looked at every other second, and the database's absence shows elsewhere.
        if (!isOutOfReach) logger.warn({ cause: String(error) }, 'the queue of mail cannot be read, and is tried again')
        isOutOfReach = true
      }
    },
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
      if (!clock.controlled) awaited.set(id, clock.now())
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
