import type { MailFailure } from '../../delivery/mail-message.js'
import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'

/** How long the log says nothing more of trouble that goes on, in milliseconds. */
const REMIND_AFTER = 60_000

/**
 * Tells the log when mail cannot be sent, again from time to time while that lasts, and when it can again: a thousand
 * messages behind one dead server are one piece of news.
 */
export class MailTrouble {
  readonly #clock: Clock
  readonly #logger: Logger
  #toldAt: number | null = null
  #failures = 0

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  noteFailure({ stage, message, replyCode }: MailFailure): void {
    this.#failures++
    const now = this.#clock.now()
    if (this.#toldAt !== null && Math.abs(now - this.#toldAt) < REMIND_AFTER) return
    this.#toldAt = now
    this.#logger.warn(
      { stage, cause: message, reply_code: replyCode, attempts_failed: this.#failures },
      'mail cannot be sent, and will be tried again',
    )
  }

  noteSuccess(): void {
    if (this.#toldAt === null) return
    this.#logger.info({ attempts_failed: this.#failures }, 'mail can be sent again')
    this.#toldAt = null
    this.#failures = 0
  }
}
