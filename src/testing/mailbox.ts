import type { MailMessage, MailTransport } from '../delivery/mail-message.js'

/** A message that was sent, as its reader has it. */
export interface SentMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The language it is written in. */
  readonly locale: string
  /** The one-time token that it carries (`spt_…`), where it carries one. */
  readonly token: string | null
  /** Where its link leads, where it has one. */
  readonly link: string | null
}

/** What would have been mailed. */
export interface Mailbox {
  /** Sends what is queued, and gives every message since the start or the last `clear`, the oldest first. */
  sent(): Promise<readonly SentMail[]>
  /** Sends what is queued, and gives the newest message to an address. @throws Error where there is none */
  lastTo(address: string): Promise<SentMail>
  clear(): void
}

/** Takes messages and keeps them. */
export class CapturedMail implements MailTransport {
  readonly #messages: { readonly id: string; readonly mail: SentMail }[] = []

  get messages(): readonly SentMail[] {
    // Several are under way at a time; ids are in the order of queueing.
    return this.#messages.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ mail }) => mail)
  }

  clear(): void {
    this.#messages.length = 0
  }

  async send({ id, to, subject, text, html, locale }: MailMessage): Promise<Record<string, never>> {
    const token = /^spt_[\w-]+$/m.exec(text)?.[0] ?? null
    const link = /^https?:\/\/\S+$/m.exec(text)?.[0] ?? null
    this.#messages.push({ id, mail: { to, subject, text, html, locale, token, link } })
    return {}
  }
}

/** @param deliver sends what is due, and waits for it */
export function createMailbox(captured: CapturedMail, deliver: () => Promise<void>): Mailbox {
  const sent = async () => {
    await deliver()
    return captured.messages
  }
  return {
    sent,
    async lastTo(address) {
      const found = (await sent()).findLast(({ to }) => to === address)
      if (found === undefined) throw new Error(`No message was sent to ${address}.`)
      return found
    },
    clear: () => captured.clear(),
  }
}
