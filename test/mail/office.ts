import { MasterKey } from '../../src/crypto/master-key.js'
import type { MailContent } from '../../src/delivery/mail-content.js'
import { MailFailure, type MailMessage, type MailTransport } from '../../src/delivery/mail-message.js'
import { createAuditService } from '../../src/features/audit/audit-service.js'
import { createMailService, type MailOffice } from '../../src/features/mail/mail-service.js'
import type { MailAddressing } from '../../src/features/mail/mail-types.js'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import type { ManualClock } from '../../src/runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import type { Storage } from '../../src/storage/storage.js'
import { recorded } from '../secrets/record.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const CODE = 'spt_8Lr0t1vUeKq3mXa7Zc2WnYb5Hd9Gf4Js6Pw_oQi-RxE'
export const client = { ipAddress: '203.0.113.7', userAgent: null }

/** Takes what it is given, or fails as it is told. */
export class ScriptedTransport implements MailTransport {
  readonly taken: MailMessage[] = []
  /** What the next attempts do, in turn; after them every message is taken. */
  readonly script: ((message: MailMessage, signal: AbortSignal) => Promise<void>)[] = []

  async send(message: MailMessage, signal: AbortSignal): Promise<Record<string, string>> {
    await this.script.shift()?.(message, signal)
    this.taken.push(message)
    return {}
  }

  fails(permanent = false, replyCode: number | null = null): this {
    this.script.push(() =>
      Promise.reject(new MailFailure(permanent ? 'recipient' : 'connection', 'it failed', { permanent, replyCode })),
    )
    return this
  }
}

export interface Office {
  readonly mail: MailOffice
  readonly transport: ScriptedTransport
  readonly logs: CapturedLogs
  /** Queues a message in a transaction of its own. */
  queue(message?: Partial<MailAddressing> & { readonly content?: MailContent }): Promise<void>
}

/** The part of a node that queues and sends mail. */
export function openOffice(
  storage: Storage,
  clock: ManualClock,
  options: { readonly requests?: number; readonly masterKey?: string } = {},
): Office {
  const { requests = 3, masterKey = 'a master key for tests, never for anything else' } = options
  const logs = new CapturedLogs()
  const logger = recorded(logs)
  const transport = new ScriptedTransport()
  const mail = createMailService({
    ...{ storage, clock, logger, transport },
    audit: createAuditService({ storage, clock, logger }),
    masterKey: new MasterKey(masterKey),
    settings: {
      from: { name: 'Example', address: 'no-reply@example.com' },
      locale: 'en',
      target: { requests, window: HOUR },
    },
  })
  const inAnHour = (): MailContent => ({
    template: 'reset_password',
    url: `https://example.com/reset#token=${CODE}`,
    code: CODE,
    expiresAt: clock.now() + HOUR,
    client,
  })
  return {
    ...{ mail, transport, logs },
    queue: ({ content = inAnHour(), ...addressing } = {}) =>
      storage.transaction((tx) =>
        mail.enqueue(tx, {
          ...{ tenantId: DEFAULT_TENANT_ID, to: 'anna@example.com', locale: null },
          ...addressing,
          ...content,
        }),
      ),
  }
}
