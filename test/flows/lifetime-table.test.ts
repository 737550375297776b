import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/config.js'
import { DAY, HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, openNode } from './nodes.js'
import { codeOf, get, newEmail, PASSWORD, post, refresh } from './people.js'
import { type Holder, holderOf, holderSignIn } from './token-holders.js'

type Tokens = Pick<Holder, 'access' | 'refresh'>
type Mode = 'stateful' | 'stateless'

/** Times are milliseconds since the sign-in. */
interface Cell {
  readonly token: 'access' | 'refresh'
  readonly what: string
  readonly remember?: false
  readonly used?: readonly number[]
  readonly refreshed?: readonly number[]
  /** The first moment at which it is refused; one millisecond before it is good. */
  readonly end: number
  /** How much later than at its `end` it is refused for certain: activity is written that seldom. */
  readonly slack?: number
}

interface Table {
  readonly title: string
  readonly mode: Mode
  readonly auth: NonNullable<ConfigInput['auth']>
  readonly cells: readonly Cell[]
}

const every = (step: number, until: number) =>
  Array.from({ length: Math.ceil(until / step) - 1 }, (_, index) => (index + 1) * step)

const SHORT = { session: { ttl: '1m', absoluteTtl: '2m' } } as const

const TABLES: readonly Table[] = [
  {
    title: 'stateful, the defaults',
    mode: 'stateful',
    auth: {},
    cells: [
      { token: 'access', what: 'session.ttl since the sign-in', end: DAY, slack: MINUTE },
      { token: 'access', what: 'session.ttl since the last use', used: [20 * HOUR], end: 44 * HOUR, slack: MINUTE },
      { token: 'access', what: 'session.ttl since the refresh', refreshed: [20 * HOUR], end: 44 * HOUR, slack: MINUTE },
      { token: 'access', what: 'absolute_ttl, in use', used: every(20 * HOUR, 30 * DAY), end: 30 * DAY },
      { token: 'refresh', what: 'refresh_token_ttl and absolute_ttl, which are one', end: 30 * DAY },
      {
        token: 'access',
        what: 'remember: false, since the last use all the same',
        remember: false,
        used: [20 * HOUR],
        end: 44 * HOUR,
        slack: MINUTE,
      },
      { token: 'refresh', what: 'remember: false, session.ttl since its issue', remember: false, end: DAY },
      {
        token: 'refresh',
        what: 'remember: false, whatever the use',
        remember: false,
        used: [10 * HOUR, 20 * HOUR],
        end: DAY,
      },
      {
        token: 'refresh',
        what: 'remember: false, since the issue of the next one',
        remember: false,
        refreshed: [20 * HOUR],
        end: 44 * HOUR,
      },
    ],
  },
  {
    title: 'stateful, a refresh token shorter than the session',
    mode: 'stateful',
    auth: { session: { refreshTokenTtl: '48h' } },
    cells: [
      { token: 'refresh', what: 'refresh_token_ttl since its issue', end: 2 * DAY },
      { token: 'refresh', what: 'refresh_token_ttl, whatever the use', used: every(10 * HOUR, 2 * DAY), end: 2 * DAY },
      { token: 'refresh', what: 'since the issue of the next one', refreshed: [40 * HOUR], end: 88 * HOUR },
      { token: 'refresh', what: 'absolute_ttl, in use', refreshed: every(40 * HOUR, 30 * DAY), end: 30 * DAY },
      { token: 'access', what: 'past its refresh token, in use', used: every(20 * HOUR, 30 * DAY), end: 30 * DAY },
    ],
  },
  {
    title: 'stateful, a minute and two',
    mode: 'stateful',
    auth: SHORT,
    cells: [
      { token: 'access', what: 'session.ttl', end: MINUTE, slack: 6 * SECOND },
      { token: 'access', what: 'absolute_ttl, in use', used: [50 * SECOND, 100 * SECOND], end: 2 * MINUTE },
      { token: 'access', what: 'absolute_ttl, refreshed', refreshed: [110 * SECOND], end: 2 * MINUTE },
      { token: 'refresh', what: 'absolute_ttl', end: 2 * MINUTE },
      { token: 'refresh', what: 'remember: false, session.ttl', remember: false, end: MINUTE },
      {
        token: 'refresh',
        what: 'remember: false, absolute_ttl, refreshed',
        remember: false,
        refreshed: [50 * SECOND, 100 * SECOND],
        end: 2 * MINUTE,
      },
    ],
  },
  {
    title: 'stateless, the defaults',
    mode: 'stateless',
    auth: {},
    cells: [
      { token: 'access', what: 'access_token_ttl since its issue', end: 15 * MINUTE },
      {
        token: 'access',
        what: 'access_token_ttl, whatever the use',
        used: [5 * MINUTE, 14 * MINUTE],
        end: 15 * MINUTE,
      },
      { token: 'access', what: 'since the issue of the next one', refreshed: [10 * MINUTE], end: 25 * MINUTE },
      { token: 'access', what: 'remember: false', remember: false, end: 15 * MINUTE },
      { token: 'refresh', what: 'refresh_token_ttl since its issue', end: 7 * DAY },
      { token: 'refresh', what: 'since the issue of the next one', refreshed: [6 * DAY], end: 13 * DAY },
      { token: 'refresh', what: 'absolute_ttl, in use', refreshed: every(6 * DAY, 30 * DAY), end: 30 * DAY },
      {
        token: 'access',
        what: 'absolute_ttl, before its own end',
        refreshed: [...every(6 * DAY, 30 * DAY), 30 * DAY - 5 * MINUTE],
        end: 30 * DAY,
      },
      { token: 'refresh', what: 'remember: false, session.ttl since its issue', remember: false, end: DAY },
      {
        token: 'refresh',
        what: 'remember: false, since the issue of the next one',
        remember: false,
        refreshed: [20 * HOUR],
        end: 44 * HOUR,
      },
    ],
  },
  {
    title: 'stateless, a minute and two',
    mode: 'stateless',
    auth: SHORT,
    cells: [
      { token: 'access', what: 'absolute_ttl, before its own end', end: 2 * MINUTE },
      { token: 'access', what: 'remember: false, never past its refresh token', remember: false, end: MINUTE },
      { token: 'refresh', what: 'absolute_ttl', end: 2 * MINUTE },
      { token: 'refresh', what: 'remember: false, session.ttl', remember: false, end: MINUTE },
      {
        token: 'refresh',
        what: 'remember: false, absolute_ttl, refreshed',
        remember: false,
        refreshed: [50 * SECOND, 100 * SECOND],
        end: 2 * MINUTE,
      },
    ],
  },
]

describeEachAuth('Each end of each lifetime', (stage) => {
  describe.each(TABLES)('$title', ({ mode, auth, cells }) => {
    let node: BareNode
    const email = newEmail()
    beforeAll(async () => {
      node = await openNode({ url: stage.url(), auth: { mode, ...auth } })
      expect((await post(node, '/auth/register', { email, password: PASSWORD })).status).toBe(201)
    })
    afterAll(() => node.close())

    it.each(cells)(
      '$token token: $what',
      async ({ token, remember = true, used = [], refreshed = [], end, slack = 0 }) => {
        // JWTs count whole seconds.
        node.clock.advance(SECOND - (node.clock.now() % SECOND))
        const start = node.clock.now()
        const to = (time: number) => node.clock.advance(start + time - node.clock.now())
        const check = token === 'access' ? standing : refreshing
        // To look is to use: one is looked at before its end, the other one after.
        const holders: Tokens[] = [
          await holderSignIn(node, email, { remember }),
          await holderSignIn(node, email, { remember }),
        ]
        const acts = [...used.map((at) => ({ at, act: use })), ...refreshed.map((at) => ({ at, act: renew }))]
        for (const { at, act } of acts.toSorted((left, right) => left.at - right.at)) {
          to(at)
          for (const [index, holder] of holders.entries()) holders[index] = await act(node, holder)
        }
        const [early, late] = holders
        if (early === undefined || late === undefined) throw new Error('nobody signed in')
        to(end - 1)
        expect(await check(node, early)).toBe('200')
        to(end + slack)
        expect(await check(node, late)).toBe('token_expired')
        // Once it is over, it stays so.
        expect(await check(node, late)).toBe('token_expired')
      },
    )
  })
})

async function standing(node: BareNode, { access }: Tokens): Promise<string> {
  const answer = await get(node, '/auth/verify', access)
  return answer.status === 200 ? '200' : codeOf(answer)
}

async function refreshing(node: BareNode, tokens: Tokens): Promise<string> {
  const answer = await refresh(node, tokens.refresh)
  return answer.status === 200 ? '200' : codeOf(answer)
}

async function use(node: BareNode, tokens: Tokens): Promise<Tokens> {
  expect(await standing(node, tokens)).toBe('200')
  return tokens
}

async function renew(node: BareNode, tokens: Tokens): Promise<Tokens> {
  return holderOf(await refresh(node, tokens.refresh))
}
