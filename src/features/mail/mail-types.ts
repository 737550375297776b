import { z } from 'zod'
import { LOCALES, type Locale } from '../../contract/locale.js'
import { type MailContent, mailContent } from '../../delivery/mail-content.js'

export interface MailAddressing {
  readonly tenantId: string
  /** One address, as the account has it. */
  readonly to: string
  /** Whose account it is about, where there is one: for the audit log. */
  readonly userId?: string | null
  /** Null: the language that the deployment writes in by default. */
  readonly locale: Locale | null
  /** True: the same work, and nothing is sent. For an address that has no account, so that nobody can tell. */
  readonly decoy?: boolean
}

export type OutgoingMail = MailAddressing & MailContent

/** What a row of the queue seals. */
export const queuedMail = z.object({
  to: z.string(),
  userId: z.string().nullable(),
  locale: z.enum(LOCALES).nullable(),
  decoy: z.boolean(),
  content: mailContent,
})

export type QueuedMail = z.output<typeof queuedMail>

/** What became of an attempt to send. */
export const MAIL_OUTCOMES = ['sent', 'deferred', 'refused', 'expired', 'unreadable'] as const
export type MailOutcome = (typeof MAIL_OUTCOMES)[number]
