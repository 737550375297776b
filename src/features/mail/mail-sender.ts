import { randomBytes } from 'node:crypto'
import type { Locale } from '../../contract/locale.js'
import { SealError, type Sealer } from '../../crypto/master-key.js'
import { MailFailure, type MailTransport, type Sender } from '../../delivery/mail-message.js'
import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'
import { oneAtATime } from '../../runtime/one-at-a-time.js'
import type { Storage } from '../../storage/storage.js'
import { allTenants, oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import { backoff } from './mail-backoff.js'
import { type ClaimedRow, claimMail, deleteClaimed, giveBack } from './mail-store.js'
import { MailTrouble } from './mail-trouble.js'
import { type MailOutcome, type QueuedMail, queuedMail } from './mail-types.js'

export interface MailSender {
  /** Takes what is due, as much as may be under way at a time, and resolves once it is taken. */
  poll(): Promise<void>
  /** Sends all that is due, and resolves when nothing is under way any more. */
  drain(): Promise<void>
  /** Takes nothing more, lets what is under way end, and cuts off what takes longer; that stays in the queue. */
  close(): Promise<void>
}

export interface SenderSettings {
  readonly from: Sender
  readonly locale: Locale
}

/** Milliseconds for one attempt, whatever the server does. */
const DEADLINE = 40_000
/** Milliseconds that a message is this node's alone: longer than an attempt, so that no two live nodes send one message. */
const LEASE = 60_000
const MOST_AT_ONCE = 5
/** Milliseconds for what is under way when the node stops. */
const CLOSING_PATIENCE = 5_000

export function createMailSender(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: AuditService
  readonly sealer: Sealer
  readonly transport: MailTransport
  readonly settings: SenderSettings
  readonly onClaim: (ids: readonly string[]) => void
  readonly onOutcome: (outcome: MailOutcome) => void
}): MailSender {
  const { storage, clock, logger, audit, sealer, transport, settings, onClaim, onOutcome } = parts
  const holder = randomBytes(8).toString('hex')
  const trouble = new MailTrouble(clock, logger)
  const underWay = new Set<Promise<void>>()
  const cutOff = new AbortController()
  let isClosed = false
  /** Handed on, and still in the queue because the database failed: not to be sent again by this node. */
  const handedOn = new Set<string>()

  const fill = oneAtATime(async () => {
    for (;;) {
      const most = MOST_AT_ONCE - underWay.size
      if (most <= 0 || isClosed) return
      const claimedAt = performance.now()
      const rows = await claimMail(allTenants(), storage, { holder, lease: LEASE, most })
      if (rows.length === 0) return
      onClaim(rows.map(({ id }) => id))
      for (const row of rows) start(row, claimedAt + DEADLINE)
    }
  })

  /** @param until on the monotonic clock: counted from before the claim was asked for, however long the database took */
  function start(row: ClaimedRow, until: number): void {
    const work = attempt(row, until)
      .catch((error: unknown) => {
        // The claim ends by itself, and the message comes back.
        logger.warn({ mail_id: row.id, cause: causeOf(error) }, 'the queue of mail could not be written')
      })
      .finally(() => {
        underWay.delete(work)
        fill().catch(() => undefined)
      })
    underWay.add(work)
  }

  async function attempt(row: ClaimedRow, until: number): Promise<void> {
    const mail = opened(row)
    if (mail === 'unreadable') return giveUp(row, null, 'unreadable')
    // A newer version wrote it, and a node of that version can send it.
    if (mail === 'unknown')
      return giveBack(oneTenant(row.tenant_id), storage, { id: row.id, holder, delay: backoff(3) })
    if (row.expires_at <= row.now) return giveUp(row, mail, 'expired')
    if (mail.decoy || handedOn.has(row.id)) return finish(row)
    try {
      const facts = await hand(row, mail, until)
      handedOn.add(row.id)
      onOutcome('sent')
      trouble.noteSuccess()
      const { template } = mail.content
      logger.info({ mail_id: row.id, template, attempts: row.attempts, ...facts }, 'a message was sent')
    } catch (error) {
      return failed(row, mail, failureOf(error))
    }
    return finish(row)
  }

  async function hand(row: ClaimedRow, { to, locale, content }: QueuedMail, until: number) {
    const envelope = { id: row.id, from: settings.from, to, locale: locale ?? settings.locale, date: row.created_at }
    // Who sends no mail does not load the letters.
    const { renderMail } = await import('../../delivery/render-mail.js')
    const message = renderMail(content, envelope)
    const left = Math.max(0, Math.floor(until - performance.now()))
    return transport.send(message, AbortSignal.any([cutOff.signal, AbortSignal.timeout(left)]))
  }

  async function failed(row: ClaimedRow, mail: QueuedMail, failure: MailFailure): Promise<void> {
    const delay = cutOff.signal.aborted ? 0 : backoff(row.attempts)
    if (failure.permanent) return giveUp(row, mail, 'refused', failure)
    if (row.now + delay >= row.expires_at) return giveUp(row, mail, 'expired', failure)
    onOutcome('deferred')
    trouble.noteFailure(failure)
    await giveBack(oneTenant(row.tenant_id), storage, { id: row.id, holder, delay })
  }

  async function finish(row: ClaimedRow): Promise<void> {
    await deleteClaimed(oneTenant(row.tenant_id), storage.db, row.id, holder)
    handedOn.delete(row.id)
  }

  async function giveUp(
    { id, tenant_id: tenantId, attempts }: ClaimedRow,
    mail: QueuedMail | null,
    reason: 'refused' | 'expired' | 'unreadable',
    failure: MailFailure | null = null,
  ): Promise<void> {
    const template = mail?.content.template ?? null
    const facts = { template, reason, attempts, reply_code: failure?.replyCode ?? null }
    const isGone = await audit.transaction(async (tx, record) => {
      if (!(await deleteClaimed(oneTenant(tenantId), tx, id, holder))) return false
      const who = { tenantId, actorId: null, userId: mail?.userId ?? null, sessionId: null, client: null }
      // Nobody waits for what was never to be sent.
      if (mail?.decoy !== true) await record({ type: 'mail.failed', ...who, data: { mail_id: id, ...facts } })
      return true
    })
    if (!isGone || mail?.decoy === true) return
    onOutcome(reason)
    logger.warn({ mail_id: id, ...facts, cause: failure?.message ?? null }, 'a message was given up')
  }

  function opened(row: ClaimedRow): QueuedMail | 'unreadable' | 'unknown' {
    try {
      const text = sealer.open(row.id, row.sealed).toString('utf8')
      const parsed = queuedMail.safeParse(JSON.parse(text))
      return parsed.success ? parsed.data : 'unknown'
    } catch (error) {
      if (error instanceof SealError || error instanceof SyntaxError) return 'unreadable'
      throw error
    }
  }

  return {
    poll: () => fill(),
    async drain() {
      for (;;) {
        await fill()
        if (underWay.size === 0) return
        await Promise.all(underWay)
      }
    },
    async close() {
      const timer = setTimeout(() => cutOff.abort(), CLOSING_PATIENCE)
      isClosed = true
      await fill()
      await Promise.all(underWay)
      clearTimeout(timer)
    },
  }
}

function failureOf(error: unknown): MailFailure {
  return error instanceof MailFailure ? error : new MailFailure('message', causeOf(error))
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
