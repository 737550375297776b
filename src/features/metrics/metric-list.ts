import type { Histogram } from '../../runtime/histogram.js'
import type { HistogramSample, Metric, Sample } from './metric-types.js'

/** Every metric of Sallyport's own. Names and labels are public: once published they stay. */
export const METRICS: readonly Metric[] = [
  {
    name: 'sallyport_logins_total',
    type: 'counter',
    help: 'Sign-ins that succeeded (reason none), or were refused for their credentials',
    labels: ['outcome', 'reason'],
    read: ({ acts }) =>
      [...acts.logins].map(({ outcome, reason, count }) => ({ labels: { outcome, reason }, value: count })),
  },
  {
    name: 'sallyport_registrations_total',
    type: 'counter',
    help: 'Accounts made',
    labels: [],
    read: ({ acts }) => one(acts.registrations),
  },
  {
    name: 'sallyport_refreshes_total',
    type: 'counter',
    help: 'Attempts to refresh: a new pair (success), the pair given before (repeated), or the code of the refusal',
    labels: ['outcome'],
    read: ({ acts }) => by('outcome', acts.refreshes),
  },
  {
    name: 'sallyport_refresh_reuse_total',
    type: 'counter',
    help: 'Sessions ended because a spent refresh token came back',
    labels: [],
    read: ({ acts }) => one(acts.reuses),
  },
  {
    name: 'sallyport_sessions_active',
    type: 'gauge',
    help: 'Sessions that have neither ended nor expired, in the whole deployment: the same at every node',
    labels: [],
    read: ({ activeSessions }) => (activeSessions === null ? [] : one(activeSessions)),
  },
  {
    name: 'sallyport_session_duration_seconds',
    type: 'histogram',
    help: 'From sign-in to the end, of sessions that ended',
    labels: [],
    read: ({ acts }) => [{ labels: {}, value: acts.sessionDurations }],
  },
  {
    name: 'sallyport_revocations_total',
    type: 'counter',
    help: 'Sessions ended before their time',
    labels: ['reason'],
    read: ({ acts }) => by('reason', acts.revocations),
  },
  {
    name: 'sallyport_revocation_feed_lag_seconds',
    type: 'gauge',
    help: 'How far this node is behind the feed of revocations: the longest delay of the last minute, or the time since an overdue read',
    labels: [],
    read: ({ feed }) => one(feed.lag() / 1000),
  },
  {
    name: 'sallyport_revocation_feed_gaps_total',
    type: 'counter',
    help: 'How often this node could not tell which revocations it had missed, and forgot what it held',
    labels: [],
    read: ({ feed }) => one(feed.gaps()),
  },
  {
    name: 'sallyport_session_lookups_total',
    type: 'counter',
    help: 'Looks for a session in each tier, and whether it was there',
    labels: ['tier', 'outcome'],
    read: ({ lookups }) =>
      Object.entries(lookups).flatMap(([tier, { hit, miss }]) => [
        { labels: { tier, outcome: 'hit' }, value: hit },
        { labels: { tier, outcome: 'miss' }, value: miss },
      ]),
  },
  {
    name: 'sallyport_password_hash_seconds',
    type: 'histogram',
    help: 'What password hashes took, without their wait in the queue',
    labels: ['algorithm'],
    read: ({ hashes }) => histograms('algorithm', hashes.times),
  },
  {
    name: 'sallyport_password_hash_queue',
    type: 'gauge',
    help: 'Password hashes that wait for their turn',
    labels: [],
    read: ({ hashes }) => one(hashes.depth),
  },
  {
    name: 'sallyport_breached_password_lookups_total',
    type: 'counter',
    help: 'New passwords looked up among those known from breaches: known, absent, or failed where that could not be found out',
    labels: ['outcome'],
    read: ({ breaches }) => (breaches === null ? [] : by('outcome', new Map(Object.entries(breaches.counts)))),
  },
  {
    name: 'sallyport_lockouts_total',
    type: 'counter',
    help: 'Identifiers locked after too many failed attempts',
    labels: [],
    read: ({ acts }) => one(acts.lockouts),
  },
  {
    name: 'sallyport_rate_limited_total',
    type: 'counter',
    help: 'Requests refused by each limit',
    labels: ['limit'],
    read: ({ limits }) => by('limit', limits.refused),
  },
  {
    name: 'sallyport_mail_total',
    type: 'counter',
    help: 'Attempts to send a message: sent; deferred, to be tried again; and given up as refused, expired or unreadable',
    labels: ['outcome'],
    read: ({ mail }) => by('outcome', mail.outcomes),
  },
  {
    name: 'sallyport_mail_waiting',
    type: 'gauge',
    help: 'Messages that wait to be sent, in the whole deployment: the same at every node',
    labels: [],
    read: ({ mail }) => (mail.waiting === null ? [] : one(mail.waiting)),
  },
  {
    name: 'sallyport_websockets',
    type: 'gauge',
    help: 'Open WebSocket connections that have authenticated',
    labels: [],
    read: ({ webSockets }) => one(webSockets()),
  },
  {
    name: 'sallyport_http_request_duration_seconds',
    type: 'histogram',
    help: 'From the arrival of a request at the application to its answer, by the template of its route',
    labels: ['method', 'route', 'status'],
    read: ({ requests }) =>
      [...requests.series()].map(({ method, route, status, durations }) => ({
        labels: { method, route, status },
        value: durations,
      })),
  },
]

const one = (value: number): Sample[] => [{ labels: {}, value }]

function by(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function histograms(label: string, named: Readonly<Record<string, Histogram>>): HistogramSample[] {
  return Object.entries(named).map(([name, value]) => ({ labels: { [label]: name }, value }))
}
