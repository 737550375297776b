import type { Locale } from '../contract/locale.js'

export interface Sender {
  readonly name: string | null
  readonly address: string
}

/** A message as it leaves, in its two forms. */
export interface MailMessage {
  /** The same at every attempt, so that a receiver can tell a repetition. */
  readonly id: string
  readonly from: Sender
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly locale: Locale
  /** When it was queued, milliseconds since the epoch. */
  readonly date: number
}

/** Takes messages out of the house: a mail server, the outbox, or what the host application gives. */
export interface MailTransport {
  /**
   * Hands a message on; resolves once somebody else has taken charge of it.
   * @param signal ends the attempt where it fires
   * @returns what the log may say of it: the file, or the server's name for the message
   * @throws MailFailure
   */
  send(message: MailMessage, signal: AbortSignal): Promise<Readonly<Record<string, string>>>
}

/** Why a message could not be handed on. The message of the error holds neither its content nor its recipient. */
export class MailFailure extends Error {
  /** True where the server will never take this message. */
  readonly permanent: boolean
  /** `connection`, `timeout`, `tls`, `authentication`, `sender`, `recipient`, `message`, `outbox`. */
  readonly stage: string
  /** The server's reply code, where there was one. */
  readonly replyCode: number | null

  constructor(
    stage: string,
    message: string,
    options: { readonly permanent?: boolean; readonly replyCode?: number | null } = {},
  ) {
    super(message)
    this.name = 'MailFailure'
    this.stage = stage
    this.permanent = options.permanent ?? false
    this.replyCode = options.replyCode ?? null
  }
}
