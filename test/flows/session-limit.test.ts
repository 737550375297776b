import { describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/config.js'
import { ManualClock } from '../../src/runtime/clock.js'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf } from './audit-trail.js'
import { DAY, HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { openNodeOfTest } from './nodes.js'
import { bearer, codeOf, newEmail, PASSWORD, post, refresh, send } from './people.js'
import { type Holder, holderOf, holderSignIn, newHolder } from './token-holders.js'

type Session = NonNullable<NonNullable<ConfigInput['auth']>['session']>

const MODES = ['stateful', 'stateless'] as const

describeEachAuth('How many sessions a user may have', (stage) => {
  const open = (mode: (typeof MODES)[number], session: Session, clock = new ManualClock()) =>
    openNodeOfTest({ url: stage.url(), clock, auth: { mode, session } })

  const live = async (userId: string) => {
    const db = await stage.db()
    const rows = await db.selectFrom('sessions').select(['revoked_at']).where('user_id', '=', userId).execute()
    return rows.filter((row) => row.revoked_at === null).length
  }

  describe.each(MODES)('%s', (mode) => {
    it('evict_oldest: one sign-in too many ends the session that was unused for longest, on every node', async () => {
      const clock = new ManualClock()
      const [one, two] = [
        await open(mode, { maxSessionsPerUser: 2 }, clock),
        await open(mode, { maxSessionsPerUser: 2 }, clock),
      ]
      const first = await newHolder(one)
      const second = await holderSignIn(one, first.email)
      for (const node of [one, two]) expect(await standing(node, first)).toBe('200')
      clock.advance(10 * SECOND)
      const third = await holderSignIn(two, first.email)
      await one.sync()

      for (const node of [one, two]) {
        expect(await standing(node, first)).toBe('session_revoked')
        expect(await codeOf(await refresh(node, first.refresh))).toBe('session_revoked')
        for (const holder of [second, third]) expect(await standing(node, holder)).toBe('200')
      }
      const events = await eventsOf(await stage.db(), { userId: first.userId })
      const ended = events.filter(({ type }) => type === 'session.revoked')
      expect(ended.map(({ actor_id, data, ip_address }) => [actor_id, data, ip_address])).toEqual([
        [null, '{"reason":"session_limit"}', '127.0.0.1'],
      ])
    })

    it('reject: refuses the right password, opens nothing, and takes it again once there is room', async () => {
      const auth = await open(mode, { maxSessionsPerUser: 2, onLimit: 'reject' })
      const first = await newHolder(auth)
      const second = await holderSignIn(auth, first.email)
      const login = { email: first.email, password: PASSWORD }

      const refused = await post(auth, '/auth/login', login)
      expect([refused.status, await codeOf(refused)]).toEqual([409, 'session_limit_reached'])
      // Who does not know the password is told nothing of it.
      const guess = await post(auth, '/auth/login', { ...login, password: 'wrong horse battery' })
      expect(await codeOf(guess)).toBe('invalid_credentials')
      for (const holder of [first, second]) expect(await standing(auth, holder)).toBe('200')
      expect(await live(first.userId)).toBe(2)
      const failures = (await eventsOf(await stage.db(), { userId: first.userId })).filter(
        ({ type }) => type === 'login.failed',
      )
      expect(failures.map(({ data }) => data).sort()).toEqual([
        '{"reason":"invalid_credentials"}',
        '{"reason":"session_limit_reached"}',
      ])

      await send(auth, 'POST', '/auth/logout', second.access)
      expect((await post(auth, '/auth/login', login)).status).toBe(200)
      expect(await codeOf(await post(auth, '/auth/login', login))).toBe('session_limit_reached')
    })

    // Opening a session does not know the mode: one of two is enough for each.
    const onLimit = mode === 'stateful' ? 'evict_oldest' : 'reject'
    it(`${onLimit}: holds under parallel sign-ins on two nodes`, async () => {
      const clock = new ManualClock()
      const nodes = [
        await open(mode, { maxSessionsPerUser: 3, onLimit }, clock),
        await open(mode, { maxSessionsPerUser: 3, onLimit }, clock),
      ]
      const [one] = nodes
      if (one === undefined) throw new Error('there is no node')
      const first = await newHolder(one)
      const login = { email: first.email, password: PASSWORD }
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, index) => post(nodes[index % 2] ?? one, '/auth/login', login)),
      )
      const signedIn = answers.filter(({ status }) => status === 200)
      // Evicted by the next one before it could be answered.
      const refused = onLimit === 'reject' ? 'session_limit_reached' : 'session_revoked'
      for (const answer of answers) if (!signedIn.includes(answer)) expect(await codeOf(answer)).toBe(refused)
      if (onLimit === 'reject') expect(signedIn).toHaveLength(2)
      expect(await live(first.userId)).toBe(3)
      // Each token answered is honoured everywhere or nowhere.
      for (const node of nodes) await node.sync()
      const holders = [first, ...(await Promise.all(signedIn.map((answer) => holderOf(answer))))]
      for (const node of nodes) {
        const standings = await Promise.all(holders.map((holder) => standing(node, holder)))
        expect(standings.filter((code) => code === '200')).toHaveLength(3)
        expect(standings.filter((code) => code === 'session_revoked')).toHaveLength(holders.length - 3)
      }
    })

    it('counts neither what was ended nor what is over by itself', async () => {
      const session = { maxSessionsPerUser: 1, onLimit: 'reject', absoluteTtl: '3d' } as const
      const auth = await open(mode, session)
      const first = await newHolder(auth)
      await send(auth, 'DELETE', '/auth/sessions', first.access)
      const second = await holderSignIn(auth, first.email, { remember: false })
      const again = () => post(auth, '/auth/login', { email: first.email, password: PASSWORD })
      expect(await codeOf(await again())).toBe('session_limit_reached')
      // Its refresh token ends after a day, and its access token where nobody uses it; then the list is empty as well.
      auth.clock.advance(DAY + 2 * MINUTE)
      const third = await holderOf(await again())
      expect(await standing(auth, second)).toBe('token_expired')
      // Its absolute end.
      auth.clock.advance(3 * DAY - 1)
      expect(await codeOf(await again())).toBe('session_limit_reached')
      auth.clock.advance(1)
      expect((await again()).status).toBe(200)
      expect(await standing(auth, third)).toBe('token_expired')
    })

    it('counts a session that is used, although its refresh token has ended and its use is not written', async () => {
      if (mode === 'stateless') return
      const auth = await open(mode, { maxSessionsPerUser: 1, onLimit: 'reject', refreshTokenTtl: '1h', ttl: '10m' })
      const { access, email } = await newHolder(auth)
      for (let minute = 0; minute < 65; minute += 5) {
        auth.clock.advance(5 * MINUTE)
        expect(await standing(auth, { access })).toBe('200')
        await auth.flush()
      }
      // Used at the last moment: past its life by what is written, within it by what this node alone knows.
      auth.clock.advance(11 * MINUTE - 1)
      expect(await standing(auth, { access })).toBe('200')
      auth.clock.advance(2)
      const answer = await post(auth, '/auth/login', { email, password: PASSWORD })
      expect(await codeOf(answer)).toBe('session_limit_reached')
    })

    it('brings a user who has more to the limit at the next sign-in, and leaves other users alone', async () => {
      const unlimited = await open(mode, {})
      const [first, other] = [await newHolder(unlimited), await newHolder(unlimited)]
      const more: Omit<Holder, 'email'>[] = []
      for (let count = 0; count < 4; count++) {
        unlimited.clock.advance(HOUR)
        more.push(await holderSignIn(unlimited, first.email))
      }
      // The second oldest has been used since.
      const used = more[0]
      if (used === undefined) throw new Error('nobody signed in')
      unlimited.clock.advance(HOUR)
      const access = (await holderOf(await refresh(unlimited, used.refresh))).access
      const clock = new ManualClock()
      clock.advance(5 * HOUR + 1)
      const auth = await open(mode, { maxSessionsPerUser: 3 }, clock)
      const latest = await holderSignIn(auth, first.email)
      const standings = await Promise.all([access, latest.access, other.access].map((text) => verified(auth, text)))
      expect(standings).toEqual(mode === 'stateful' ? ['200', '200', '200'] : ['200', '200', 'token_expired'])
      expect(await live(first.userId)).toBe(3)
      expect(await live(other.userId)).toBe(1)
      expect(await codeOf(await refresh(auth, first.refresh))).toBe('session_revoked')
    })
  })

  it('does not count sessions of an account before it was disabled and enabled again', async () => {
    const auth = await open('stateful', { maxSessionsPerUser: 1, onLimit: 'reject' })
    const first = await newHolder(auth)
    await auth.api.users.disable(first.userId)
    await auth.api.users.enable(first.userId)
    expect((await post(auth, '/auth/login', { email: first.email, password: PASSWORD })).status).toBe(200)
  })

  it('limits what the library opens as well', async () => {
    const auth = await open('stateful', { maxSessionsPerUser: 1, onLimit: 'reject' })
    const email = newEmail()
    await auth.api.register({ email, password: PASSWORD })
    await expect(auth.api.login({ email, password: PASSWORD })).rejects.toMatchObject({ code: 'session_limit_reached' })
  })
})

async function standing(auth: TestAuth, { access }: Pick<Holder, 'access'>): Promise<string> {
  return verified(auth, access)
}

async function verified(auth: TestAuth, access: string): Promise<string> {
  const answer = await auth.request('/auth/verify', { headers: bearer(access) })
  return answer.status === 200 ? '200' : codeOf(answer)
}
