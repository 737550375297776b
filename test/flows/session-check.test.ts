import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { partsOf } from '../security/forged-token.js'
import { HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, refresh, send, standingOf } from './people.js'
import { hideTable } from './refusing-database.js'
import { jwtNewcomer, jwtTokensOf } from './token-holders.js'

type Check = 'none' | 'revocations' | 'always'

describeEachAuth('What a JWT is checked against', (stage) => {
  const open = (sessionCheck: Check, options: NodeOptions = {}): Promise<BareNode> =>
    openNodeOfTest({
      url: stage.url(),
      ...options,
      auth: { mode: 'stateless', ...options.auth, jwt: { sessionCheck, ...options.auth?.jwt } },
    })
  const sidOf = (token: string) => String(partsOf(token).claims['sid'])

  it('none: it is honoured until its end, and its refresh token is refused at once', async () => {
    const auth = await open('none')
    const person = await jwtNewcomer(auth)
    await send(auth, 'POST', '/auth/logout', person.access_token)
    expect((await auth.request('/auth/verify', { headers: bearer(person.access_token) })).status).toBe(200)
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
    // What shows the account as it stands asks the database, and hears of it.
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    auth.clock.advance(15 * MINUTE)
    const late = await auth.request('/auth/verify', { headers: bearer(person.access_token) })
    expect(await codeOf(late)).toBe('token_expired')
  })

  it('revocations: another node refuses it once it has been out of touch for max_staleness', async () => {
    const clock = new ManualClock()
    const [one, two] = [await open('revocations', { clock }), await open('revocations', { clock })]
    const people = [await jwtNewcomer(one), await jwtNewcomer(one), await jwtNewcomer(two)]
    const untouched = await jwtNewcomer(two)
    for (const { access_token } of [...people, untouched]) {
      for (const node of [one, two]) expect(await standingOf(node, access_token)).toBe('200')
    }
    const [left, disabled, reused] = people
    if (left === undefined || disabled === undefined || reused === undefined) throw new Error('somebody is missing')
    await one.api.logout({ accessToken: left.access_token })
    await one.api.users.disable(disabled.user_id)
    const next = await jwtTokensOf(await refresh(one, reused.refresh_token))
    clock.advance(10 * SECOND)
    expect(await codeOf(await refresh(one, reused.refresh_token))).toBe('token_reused')
    clock.advance(2 * SECOND + 1)
    for (const token of [left.access_token, disabled.access_token, reused.access_token, next.access_token]) {
      for (const node of [two, one]) {
        const answer = await node.request('/auth/verify', { headers: bearer(token) })
        expect(await codeOf(answer)).toBe('session_revoked')
      }
    }
    expect(await standingOf(two, untouched.access_token)).toBe('200')
  })

  it('revocations: another node hears of what was ended after the clock was set back', async () => {
    const clock = new ManualClock()
    const [one, two] = [await open('revocations', { clock }), await open('revocations', { clock })]
    clock.advance(HOUR)
    const early = await jwtNewcomer(one)
    await one.api.logout({ accessToken: early.access_token })
    clock.advance(2 * SECOND + 1)
    expect(await standingOf(two, early.access_token)).toBe('session_revoked')
    clock.advance(-HOUR)
    const late = await jwtNewcomer(one)
    expect(await standingOf(two, late.access_token)).toBe('200')
    await one.api.logout({ accessToken: late.access_token })
    clock.advance(2 * SECOND + 1)
    const answer = await two.request('/auth/verify', { headers: bearer(late.access_token) })
    expect(await codeOf(answer)).toBe('session_revoked')
  })

  it('revocations: a node that starts knows what was ended before, for as long as a token may live', async () => {
    const clock = new ManualClock()
    const one = await open('revocations', { clock, auth: { jwt: { accessTokenTtl: '2h' } } })
    const person = await jwtNewcomer(one)
    await one.api.logout({ accessToken: person.access_token })
    for (const wait of [0, HOUR, HOUR - 1]) {
      clock.advance(wait)
      const restarted = await open('revocations', { clock, auth: { jwt: { accessTokenTtl: '2h' } } })
      const answer = await restarted.request('/auth/verify', { headers: bearer(person.access_token) })
      expect(await codeOf(answer)).toBe('session_revoked')
    }
    clock.advance(1)
    const answer = await one.request('/auth/verify', { headers: bearer(person.access_token) })
    expect(await codeOf(answer)).toBe('token_expired')
  })

  it('revocations: with the database gone it goes on with what it knows, says so, and catches up', async () => {
    const logger = new CapturedLogs()
    const clock = new ManualClock()
    const auth = await open('revocations', { clock, logger })
    const [person, left, later] = [await jwtNewcomer(auth), await jwtNewcomer(auth), await jwtNewcomer(auth)]
    await auth.api.logout({ accessToken: left.access_token })
    const db = await stage.db()
    const back = await takeAway(db)
    try {
      clock.advance(MINUTE)
      for (let request = 0; request < 3; request++) {
        expect((await auth.request('/auth/verify', { headers: bearer(person.access_token) })).status).toBe(200)
        clock.advance(5 * SECOND)
      }
      const gone = await auth.request('/auth/verify', { headers: bearer(left.access_token) })
      expect(await codeOf(gone)).toBe('session_revoked')
      const ready = await auth.request('/health/ready')
      expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { database: 'failing' } }])
      expect(JSON.stringify(logger.lines)).toContain('revocations of other nodes cannot be read')
    } finally {
      await back()
    }
    await revoke(sidOf(later.access_token), clock.now())
    clock.advance(2 * SECOND + 1)
    const answer = await auth.request('/auth/verify', { headers: bearer(later.access_token) })
    expect(await codeOf(answer)).toBe('session_revoked')
    const ready = await auth.request('/health/ready')
    expect(ready.status).toBe(200)
  })

  it('always: the database is asked at each request', async () => {
    const auth = await open('always')
    const person = await jwtNewcomer(auth)
    const verified = async () => {
      const answer = await auth.request('/auth/verify', { headers: bearer(person.access_token) })
      return answer.status === 200 ? '200' : codeOf(answer)
    }
    for (let round = 0; round < 3; round++) {
      expect(await verified()).toBe('200')
      await revoke(sidOf(person.access_token), auth.clock.now())
      expect(await verified()).toBe('session_revoked')
      await revoke(sidOf(person.access_token), null)
    }
    const back = await takeAway(await stage.db())
    try {
      const answer = await auth.request('/auth/verify', { headers: bearer(person.access_token) })
      expect(answer.status).toBeGreaterThanOrEqual(500)
    } finally {
      await back()
    }
    expect(await verified()).toBe('200')
  })

  it.each(['none', 'revocations'] as const)('%s: no store is touched to verify it', async (sessionCheck) => {
    const auth = await open(sessionCheck)
    const person = await jwtNewcomer(auth)
    const db = await stage.db()
    const back = await takeAway(db)
    try {
      for (let request = 0; request < 5; request++) {
        expect((await auth.request('/auth/verify', { headers: bearer(person.access_token) })).status).toBe(200)
      }
    } finally {
      await back()
    }
  })

  async function revoke(id: string, at: number | null): Promise<void> {
    const db = await stage.db()
    const reason = at === null ? null : 'administrator'
    await db.updateTable('sessions').set({ revoked_at: at, revoked_reason: reason }).where('id', '=', id).execute()
    if (at === null) return
    const change = { xid: sql<number>`${xid()}`, kind: 'session', tenant_id: DEFAULT_TENANT_ID, subject: id } as const
    await db
      .insertInto('changes')
      .values({ ...change, created_at: at })
      .execute()
  }

  const xid = () => (stage.dialect === 'postgres' ? sql`pg_current_xact_id()::text::bigint` : sql`0`)

  /** What every look-up and each probe of readiness reads. */
  async function takeAway(db: Awaited<ReturnType<typeof stage.db>>): Promise<() => Promise<void>> {
    const [sessions, keys] = [await hideTable(db, 'sessions'), await hideTable(db, 'keys')]
    const [settings, changes] = [await hideTable(db, 'settings'), await hideTable(db, 'changes')]
    return async () => {
      for (const bringBack of [changes, settings, keys, sessions]) await bringBack()
    }
  }
})
