import { openStorage } from '../../src/storage/open-storage.js'
import type { Act } from './history.js'
import type { Rule, Violation } from './violation.js'

/** What the tables hold once everything is over. */
export interface Rows {
  readonly users: readonly { readonly id: string; readonly email: string | null }[]
  readonly sessions: readonly {
    readonly id: string
    readonly user_id: string
    readonly counter: number
    readonly revoked_at: number | null
  }[]
  readonly events: readonly {
    readonly type: string
    readonly request_id: string | null
    readonly user_id: string | null
    readonly session_id: string | null
  }[]
}

export async function readRows(url: string): Promise<Rows> {
  const storage = await openStorage({
    url,
    directUrl: null,
    pool: { max: 2 },
    statementTimeout: 30_000,
    allowUnsafeDurability: true,
    production: false,
    migrate: false,
  })
  try {
    const { db } = storage
    return {
      users: await db.selectFrom('users').select(['id', 'email']).execute(),
      sessions: await db.selectFrom('sessions').select(['id', 'user_id', 'counter', 'revoked_at']).execute(),
      events: await db
        .selectFrom('audit_events')
        .select(['type', 'request_id', 'user_id', 'session_id'])
        .orderBy('id')
        .execute(),
    }
  } finally {
    await storage.close()
  }
}

/** What each acknowledged act writes into the audit log: exactly once, or (a range) as often as it had an effect. */
const EVENTS: Readonly<Record<Act['kind'], Readonly<Record<string, readonly [least: number, most: number]>>>> = {
  register: { 'user.registered': [1, 1], 'session.created': [1, 1], 'login.succeeded': [1, 1] },
  login: { 'session.created': [1, 1], 'login.succeeded': [1, 1] },
  use: {},
  // A spent token gets the current pair, and nothing happens.
  refresh: { 'session.refreshed': [0, 1] },
  // The session may have been over.
  logout: { 'session.revoked': [0, 1] },
  revoke: { 'session.revoked': [1, 1] },
  revoke_all: { 'session.revoked': [0, Number.POSITIVE_INFINITY] },
}

/** Holds a history against the tables: rows of what was acknowledged, no half acts, and the audit log. */
export function checkRows(acts: readonly Act[], rows: Rows): readonly Violation[] {
  const violations: Violation[] = []
  const report = (rule: Rule, about: string, what: string) => violations.push({ rule, about, what })
  const emails = counted(rows.users.map(({ email }) => email))
  const sessions = new Set(rows.sessions.map(({ id }) => id))
  for (const [email, count] of emails) if (count > 1) report('email_twice', String(email), `${count} rows`)
  for (const act of acts) {
    if (act.outcome !== 'ok' || act.given === null) continue
    if (!emails.has(act.email)) report('row_missing', act.id, `no user ${act.email} after ${act.kind}`)
    if (!sessions.has(act.given.sessionId)) report('row_missing', act.id, `no session ${act.given.sessionId}`)
  }
  checkAcknowledgedEvents(acts, rows, report)
  checkNothingHalf(rows, report)
  return violations
}

type Report = (rule: Rule, about: string, what: string) => void

function checkAcknowledgedEvents(acts: readonly Act[], { events }: Rows, report: Report): void {
  const written = counted(events.map(({ request_id, type }) => `${request_id} ${type}`))
  for (const act of acts) {
    if (act.outcome === 'unknown') continue
    for (const [type, [least, most]] of Object.entries(EVENTS[act.kind])) {
      const count = written.get(`${act.id} ${type}`) ?? 0
      const [from, to] = act.outcome === 'ok' ? [least, most] : [0, mayHaveHappened(act) ? most : 0]
      if (count < from || count > to)
        report('audit_wrong', act.id, `${act.kind} was answered ${act.status} and has ${count} events ${type}`)
    }
  }
}

/**
 * What was refused left no word of a success. Yet where everything of a user is ended by another request at the same
 * time, a sign-in or refresh may happen, be ended, and then be told so.
 */
function mayHaveHappened({ code }: Act): boolean {
  return code === 'session_revoked'
}

/** Whatever was cut off happened wholly, with its events, or not at all. */
function checkNothingHalf({ users, sessions, events }: Rows, report: Report): void {
  const ofUsers = counted(events.map(({ type, user_id }) => `${type} ${user_id}`))
  const ofSessions = counted(events.map(({ type, session_id }) => `${type} ${session_id}`))
  const expectEvents = (id: string, found: number | undefined, expected: number, type: string) => {
    if ((found ?? 0) !== expected)
      report('audit_wrong', id, `${found ?? 0} events ${type} where the row says ${expected}`)
  }
  for (const { id } of users) {
    for (const type of ['user.registered', 'role.granted']) expectEvents(id, ofUsers.get(`${type} ${id}`), 1, type)
  }
  for (const { id, counter, revoked_at } of sessions) {
    const found = (type: string) => ofSessions.get(`${type} ${id}`)
    expectEvents(id, found('session.created'), 1, 'session.created')
    expectEvents(id, found('login.succeeded'), 1, 'login.succeeded')
    expectEvents(id, found('session.refreshed'), counter - 1, 'session.refreshed')
    expectEvents(id, found('session.revoked'), revoked_at === null ? 0 : 1, 'session.revoked')
  }
  const known = new Set<string | null>([...users.map(({ id }) => id), ...sessions.map(({ id }) => id), null])
  for (const { type, user_id, session_id } of events) {
    if (type !== 'login.failed' && !(known.has(user_id) && known.has(session_id)))
      report('audit_wrong', String(session_id ?? user_id), `an event ${type} of what is not there`)
  }
}

function counted<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
  const counts = new Map<Key, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
