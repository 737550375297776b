import type { ErrorCode } from '../../contract/error-codes.js'
import type { Clock } from '../../runtime/clock.js'
import { Histogram } from '../../runtime/histogram.js'
import { timeOfUuidv7 } from '../../runtime/ids.js'
import type { AuditEvent } from '../audit/audit-types.js'
import { REVOCATION_REASONS } from '../sessions/session-types.js'
import type { RefreshOutcome } from '../tokens/token-types.js'
import { Tally } from './metric-tally.js'
import type { MetricSources } from './metric-types.js'

/** Why a sign-in is refused after its credentials were looked at. */
const LOGIN_FAILURES = [
  'invalid_credentials',
  'account_disabled',
  'account_locked',
  'email_not_verified',
  'mfa_required',
  'invalid_mfa_code',
  'session_limit_reached',
] as const satisfies readonly ErrorCode[]

const REFRESH_OUTCOMES = [
  'success',
  'repeated',
  'invalid_token',
  'token_expired',
  'token_reused',
  'session_revoked',
  'reauthentication_required',
  'forbidden',
  'overloaded',
  'unavailable',
  'internal',
] as const satisfies readonly RefreshOutcome[]

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const SESSION_DURATIONS = [
  ...[MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR],
  ...[DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY],
]

/** Counts what this node has done, as the audit log tells of it: what is recorded is counted, and nothing else is. */
export class MetricActs {
  readonly #clock: Clock
  readonly #loginFailures = new Tally(LOGIN_FAILURES)
  readonly #refreshes = new Tally(REFRESH_OUTCOMES)
  readonly #revocations = new Tally(REVOCATION_REASONS)
  readonly #sessionDurations = new Histogram(SESSION_DURATIONS)
  #logins = 0
  #registrations = 0
  #reuses = 0
  #lockouts = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  noteEvents(events: readonly AuditEvent[]): void {
    for (const event of events) this.#note(event)
  }

  noteRefresh(outcome: RefreshOutcome): void {
    this.#refreshes.add(outcome)
  }

  read(): MetricSources['acts'] {
    const failures = [...this.#loginFailures.counts].map(([reason, count]) => ({ outcome: 'failure', reason, count }))
    return {
      logins: [{ outcome: 'success', reason: 'none', count: this.#logins }, ...failures],
      registrations: this.#registrations,
      refreshes: this.#refreshes.counts,
      reuses: this.#reuses,
      revocations: this.#revocations.counts,
      lockouts: this.#lockouts,
      sessionDurations: this.#sessionDurations,
    }
  }

  #note({ type, sessionId, data = {} }: AuditEvent): void {
    switch (type) {
      case 'login.succeeded':
        this.#logins++
        return
      case 'login.failed':
        this.#loginFailures.add(data['reason'])
        return
      case 'user.registered':
        this.#registrations++
        return
      case 'refresh.reused':
        this.#reuses++
        return
      case 'account.locked':
        this.#lockouts++
        return
      case 'session.revoked':
        this.#revocations.add(data['reason'])
        this.#noteEnd(sessionId, this.#clock.now())
        return
      case 'session.expired':
        this.#noteEnd(sessionId, Date.parse(String(data['ended_at'])))
    }
  }

  /** A session's id holds when it began. @param end milliseconds since the epoch */
  #noteEnd(sessionId: string | null, end: number): void {
    const lasted = sessionId === null ? Number.NaN : (end - timeOfUuidv7(sessionId)) / 1000
    if (Number.isFinite(lasted)) this.#sessionDurations.observe(Math.max(0, lasted))
  }
}
