import { describe, expect, it } from 'vitest'
import { checkHistory } from './check-history.js'
import { checkRows, type Rows } from './check-rows.js'
import type { Act, Given } from './history.js'
import type { Rule } from './violation.js'

const EMAIL = 'ada@example.com'

/** Pair `n` of a session. */
function pair(n: number, sessionId = 's1', who = { email: EMAIL, userId: 'u1' }): Given {
  return { ...who, sessionId, access: `${sessionId} access ${n}`, refresh: `${sessionId} refresh ${n}` }
}

type Told = Partial<Act> & Pick<Act, 'kind'>

/** Acts one after another, all answered with success where nothing else is told. */
function historyOf(told: readonly Told[]): readonly Act[] {
  return told.map((act, index) => ({
    id: `act ${index + 1}`,
    email: EMAIL,
    password: act.kind === 'register' || act.kind === 'login' ? 'right' : null,
    token: null,
    target: null,
    start: 2 * index + 1,
    end: 2 * index + 2,
    settling: false,
    outcome: 'ok',
    status: 200,
    code: null,
    given: null,
    ...act,
  }))
}

const refused = (code: string) => ({ outcome: 'fail', status: 401, code, given: null }) as const
const cutOff = { outcome: 'unknown', status: null, code: null, given: null } as const
const used = (n: number, sessionId = 's1') => ({
  kind: 'use' as const,
  token: `${sessionId} access ${n}`,
  given: { ...pair(n, sessionId), access: null, refresh: null },
})
const refreshed = (from: number, to: number) =>
  ({ kind: 'refresh', token: `s1 refresh ${from}`, given: pair(to) }) as const
const registered = { kind: 'register', status: 201, given: pair(1) } as const
const loggedOut = { kind: 'logout', token: 's1 access 1', status: 204 } as const

/** A look at everything after the faults: pair 2 is what the session ends with. */
const SETTLED: readonly Told[] = [
  { ...used(1), settling: true },
  { ...refreshed(1, 2), settling: true },
  { ...refreshed(1, 2), settling: true },
  { kind: 'login', given: pair(1, 's2'), settling: true },
]
const SETTLED_DEAD: readonly Told[] = [
  { ...used(1), ...refused('session_revoked'), settling: true },
  { ...refreshed(1, 2), ...refused('session_revoked'), settling: true },
  { kind: 'login', given: pair(1, 's2'), settling: true },
]

const rules = (violations: readonly { readonly rule: Rule }[]) => [...new Set(violations.map(({ rule }) => rule))]

describe('the checker, over what the server answered,', () => {
  const sound: Record<string, readonly Told[]> = {
    'an account and its session': [registered, used(1), ...SETTLED],
    'a refresh that was cut off': [registered, { ...refreshed(1, 2), ...cutOff }, ...SETTLED],
    'a logout': [registered, loggedOut, ...SETTLED_DEAD],
    'a logout that was cut off and had happened': [registered, { ...loggedOut, ...cutOff }, ...SETTLED_DEAD],
    'a logout that was cut off and had not': [registered, { ...loggedOut, ...cutOff }, ...SETTLED],
    'a registration that was cut off': [
      { ...registered, ...cutOff },
      { kind: 'login', ...refused('invalid_credentials') },
    ],
    'a use that raced a logout': [
      registered,
      { ...loggedOut, start: 3, end: 9 },
      { ...used(1), start: 4, end: 8 },
      ...SETTLED_DEAD,
    ],
  }
  it.each(Object.entries(sound))('finds nothing wrong with %s', (_title, told) => {
    const acts = historyOf(told).map((act, index) =>
      act.settling ? { ...act, start: 100 + 2 * index, end: 101 + 2 * index } : act,
    )
    expect(checkHistory(acts)).toEqual([])
  })

  const doctored: readonly (readonly [Rule, string, readonly Told[]])[] = [
    [
      'account_lost',
      'an account that was answered is gone',
      [registered, ...SETTLED, { kind: 'login', ...refused('invalid_credentials'), settling: true }],
    ],
    [
      'account_lost',
      'an account whose registration was cut off was seen, and is gone',
      [
        { ...registered, ...cutOff },
        { kind: 'login', given: pair(1, 's2') },
        { kind: 'login', ...refused('invalid_credentials'), settling: true },
      ],
    ],
    [
      'token_lost',
      'an access token that was answered is refused',
      [registered, { ...used(1), ...refused('invalid_token') }],
    ],
    [
      'token_lost',
      'a refresh that was answered is lost: its tokens are unknown',
      [registered, refreshed(1, 2), { ...refreshed(2, 3), ...refused('invalid_token') }],
    ],
    ['dead_came_alive', 'a token works after its logout was answered', [registered, loggedOut, ...SETTLED]],
    ['dead_came_alive', 'a refresh works after its logout was answered', [registered, loggedOut, refreshed(1, 2)]],
    [
      'dead_came_alive',
      'a session works after it was revoked by another',
      [
        registered,
        { kind: 'login', given: pair(1, 's2') },
        { kind: 'revoke', token: 's2 access 1', target: 's1' },
        used(1),
      ],
    ],
    [
      'dead_came_alive',
      'a session works after all were revoked',
      [registered, { kind: 'revoke_all', token: 's1 access 1' }, used(1)],
    ],
    [
      'dead_came_alive',
      'a session that was seen dead works again',
      [registered, { ...loggedOut, ...cutOff }, { ...used(1), ...refused('session_revoked') }, used(1)],
    ],
    [
      'email_twice',
      'two registrations of an address are accepted',
      [registered, { ...registered, given: pair(1, 's3') }],
    ],
    [
      'email_twice',
      'two passwords sign in to one address',
      [registered, { kind: 'login', password: 'other', given: pair(1, 's3') }],
    ],
    [
      'identities_mixed',
      'an answer names somebody else',
      [registered, { ...used(1), given: { ...pair(1), access: null, refresh: null, email: 'eve@example.com' } }],
    ],
    [
      'identities_mixed',
      'an address has another id than before',
      [registered, { kind: 'login', given: pair(1, 's2', { email: EMAIL, userId: 'u2' }) }],
    ],
    [
      'identities_mixed',
      'a token is answered with another session',
      [registered, { ...refreshed(1, 2), given: pair(2, 's9') }],
    ],
    [
      'family_forked',
      'a spent token gets another pair than the current one',
      [registered, ...SETTLED, { ...refreshed(1, 3), settling: true }],
    ],
    [
      'improper_answer',
      'an answer is 500',
      [registered, { ...used(1), outcome: 'unknown', status: 500, code: 'internal', given: null }],
    ],
    [
      'improper_answer',
      'a refusal has no code',
      [registered, { ...used(1), outcome: 'unknown', status: 502, code: null, given: null }],
    ],
    ['not_looked_at', 'nobody looked after the faults', [registered]],
  ]
  it.each(doctored)('finds %s where %s', (rule, _title, told) => {
    expect(rules(checkHistory(historyOf(told)))).toContain(rule)
  })
})

describe('the checker, over the tables,', () => {
  const acts = historyOf([registered, refreshed(1, 2), { ...loggedOut, token: 's1 access 2' }])
  const event = (type: string, request_id: string | null, session_id: string | null) => ({
    type,
    request_id,
    session_id,
    user_id: 'u1',
  })
  const rows: Rows = {
    users: [{ id: 'u1', email: EMAIL }],
    sessions: [{ id: 's1', user_id: 'u1', counter: 2, revoked_at: 5 }],
    events: [
      event('user.registered', 'act 1', null),
      event('role.granted', null, null),
      event('session.created', 'act 1', 's1'),
      event('login.succeeded', 'act 1', 's1'),
      event('session.refreshed', 'act 2', 's1'),
      event('session.revoked', 'act 3', 's1'),
    ],
  }
  const without = (type: string) => ({ ...rows, events: rows.events.filter((one) => one.type !== type) })
  const twice = (type: string) => ({
    ...rows,
    events: rows.events.flatMap((one) => (one.type === type ? [one, one] : [one])),
  })

  it('finds nothing wrong where all is there', () => {
    expect(checkRows(acts, rows)).toEqual([])
  })

  const doctored: readonly (readonly [Rule, string, Rows])[] = [
    ['email_twice', 'an address has two rows', { ...rows, users: [...rows.users, { id: 'u2', email: EMAIL }] }],
    ['row_missing', 'a user is gone', { ...rows, users: [] }],
    ['row_missing', 'a session is gone', { ...rows, sessions: [] }],
    ...rows.events.flatMap(({ type }) => [
      ['audit_wrong', `the event ${type} is missing`, without(type)] as const,
      ['audit_wrong', `the event ${type} is there twice`, twice(type)] as const,
    ]),
    [
      'audit_wrong',
      'a session ended without a word',
      { ...without('session.revoked'), sessions: [{ id: 's1', user_id: 'u1', counter: 2, revoked_at: 5 }] },
    ],
    [
      'audit_wrong',
      'an event tells of what was undone',
      { ...rows, events: [...rows.events, { ...event('session.created', 'act 9', 's9'), user_id: 'u9' }] },
    ],
  ]
  it.each(doctored)('finds %s where %s', (rule, _title, doctoredRows) => {
    expect(rules(checkRows(acts, doctoredRows))).toContain(rule)
  })

  it('finds nothing wrong with a sign-in that another request ended before its answer', () => {
    const ended = historyOf([registered]).map((act) => ({
      ...act,
      kind: 'login' as const,
      ...refused('session_revoked'),
    }))
    const signedIn = rows.events.filter(({ type }) => type !== 'session.refreshed')
    const sessions = rows.sessions.map((session) => ({ ...session, counter: 1 }))
    expect(checkRows(ended, { ...rows, sessions, events: signedIn })).toEqual([])
  })

  it('finds an event of success where the act was refused', () => {
    const refusedActs = [
      ...acts,
      ...historyOf([{ kind: 'login', ...refused('invalid_credentials') }]).map((act) => ({ ...act, id: 'act 8' })),
    ]
    const lying = { ...rows, events: [...rows.events, event('login.succeeded', 'act 8', 's1')] }
    expect(rules(checkRows(refusedActs, lying))).toContain('audit_wrong')
  })
})
