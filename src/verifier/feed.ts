import type { Identity } from '../contract/identity.js'

/** What of a verified token the feed is asked about. */
export interface Judged {
  readonly identity: Identity
  /** Milliseconds since the epoch, cut to the second. */
  readonly issuedAt: number
}

/** What the server has ended or changed, as far as this process has heard. */
export interface Feed {
  /** Undefined while the feed is heard. @returns what to wait for where it is not @throws SallyportError `unavailable` by policy */
  catchUp(): Promise<void> | undefined
  /**
   * Undefined where the token may go on. A token that tells something else than the feed and may be newer than its last
   * word is judged by the next one.
   * @throws SallyportError `session_revoked`; `token_expired` where a refresh brings a token that tells what is so
   */
  judge(token: Judged): Promise<void> | undefined
  status(): FeedStatus
  close(): Promise<void>
}

/** How the feed of revocations stands. */
export interface FeedStatus {
  /** True where what was heard is recent enough to decide. */
  readonly isHeard: boolean
  /** Milliseconds that the last word of the feed is old; null before the first. */
  readonly age: number | null
  /** Ended sessions and changed accounts that are remembered. */
  readonly remembered: number
  /** Why Redis is not read just now; null where it is. */
  readonly failure: string | null
}
