import { expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { newEmail, PASSWORD, post, refresh, send, standingOf } from './people.js'
import { movesOf, scrape } from './scrape.js'
import { holderSignIn, newHolder } from './token-holders.js'

const LOGINS = {
  success: 'sallyport_logins_total{outcome="success",reason="none"}',
  wrong: 'sallyport_logins_total{outcome="failure",reason="invalid_credentials"}',
  disabled: 'sallyport_logins_total{outcome="failure",reason="account_disabled"}',
} as const
const refreshes = (outcome: string) => `sallyport_refreshes_total{outcome="${outcome}"}`
const revocations = (reason: string) => `sallyport_revocations_total{reason="${reason}"}`
const lookups = (tier: string, outcome: string) =>
  `sallyport_session_lookups_total{tier="${tier}",outcome="${outcome}"}`
const requests = (method: string, route: string, status: number) =>
  `sallyport_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`

describeEachAuth('The metrics', (stage) => {
  for (const mode of ['stateful', 'stateless'] as const) {
    const open = () => stage.open({ config: { auth: { mode } } })

    it(`count sign-ins by what came of them, and accounts (${mode})`, async () => {
      const auth = await open()
      const { email, userId } = await newHolder(auth)
      const moves = await movesOf(
        auth,
        [LOGINS.success, LOGINS.wrong, LOGINS.disabled, 'sallyport_registrations_total'],
        async () => {
          await holderSignIn(auth, email)
          await post(auth, '/auth/login', { email, password: 'wrong password' })
          await post(auth, '/auth/login', { email: newEmail(), password: PASSWORD })
          await auth.api.users.disable(userId)
          await post(auth, '/auth/login', { email, password: PASSWORD })
          await newHolder(auth)
        },
      )
      // A registration signs in, too.
      expect(moves).toEqual([2, 2, 1, 1])
    })

    it(`count refreshes by what came of them, and the reuse of spent tokens (${mode})`, async () => {
      const auth = await open()
      const holder = await newHolder(auth)
      const outcomes = ['success', 'repeated', 'token_reused', 'session_revoked', 'invalid_token']
      const moves = await movesOf(
        auth,
        [...outcomes.map(refreshes), 'sallyport_refresh_reuse_total', revocations('refresh_reuse')],
        async () => {
          for (let time = 0; time < 2; time++) await refresh(auth, holder.refresh)
          auth.clock.advance(MINUTE)
          for (let time = 0; time < 2; time++) await refresh(auth, holder.refresh)
          await refresh(auth, 'spr_no')
        },
      )
      expect(moves).toEqual([1, 1, 1, 1, 1, 1, 1])
    })

    it(`count the ends of sessions by their reasons, and tell how long they lasted (${mode})`, async () => {
      const auth = await open()
      const { email, access, userId } = await newHolder(auth)
      const other = await holderSignIn(auth, email)
      const third = await holderSignIn(auth, email)
      const reasons = ['logout', 'user_request', 'account_disabled'].map(revocations)
      const duration = 'sallyport_session_duration_seconds'
      const moves = await movesOf(
        auth,
        [...reasons, `${duration}_sum`, `${duration}_bucket{le="60"}`, `${duration}_bucket{le="300"}`],
        async () => {
          auth.clock.advance(30_000)
          await auth.api.logout({ accessToken: other.access })
          auth.clock.advance(90_000)
          await send(auth, 'DELETE', '/auth/sessions?except=current', access)
          expect(await standingOf(auth, third.access)).toBe('session_revoked')
          await auth.api.users.disable(userId)
        },
      )
      expect(moves).toEqual([1, 1, 1, 30 + 120 + 120, 1, 3])
    })
  }

  it('tell how long a session lasted that ended by itself, though that is found out late', async () => {
    const auth = await stage.open({
      config: { auth: { session: { absoluteTtl: 2 * DAY, refreshTokenTtl: HOUR * 30 } } },
    })
    await newHolder(auth)
    const duration = 'sallyport_session_duration_seconds_sum'
    const moves = await movesOf(auth, [duration], async () => {
      auth.clock.advance(4 * DAY)
      await auth.cleanUp()
    })
    expect(moves).toEqual([30 * 3600])
  })

  it('tell which tier a session was found in', async () => {
    const auth = await stage.open({ config: {} })
    const { access } = await newHolder(auth)
    const series = [
      lookups('memory', 'miss'),
      lookups('memory', 'hit'),
      lookups('database', 'hit'),
      lookups('database', 'miss'),
      lookups('redis', 'miss'),
    ]
    const moves = await movesOf(auth, series, async () => {
      for (let time = 0; time < 3; time++) expect(await standingOf(auth, access)).toBe('200')
    })
    expect(moves).toEqual([1, 2, 1, 0, 0])
  })

  it('count what each limit refused', async () => {
    const auth = await stage.open({ config: { limits: { enabled: true, hashing: { requests: 1 } } } })
    expect((await scrape(auth)).has('sallyport_rate_limited_total{limit="hashing"}')).toBe(true)
    const limited = 'sallyport_rate_limited_total{limit="hashing"}'
    const moves = await movesOf(auth, [limited], async () => {
      for (let time = 0; time < 3; time++) await post(auth, '/auth/login', { email: newEmail(), password: PASSWORD })
    })
    expect(moves).toEqual([2])
  })

  it('tell how long answers and hashes took', async () => {
    const auth = await stage.open()
    const { access } = await newHolder(auth)
    const hashes = 'sallyport_password_hash_seconds_count{algorithm="argon2id"}'
    const series = [
      requests('POST', '/auth/login', 401),
      requests('GET', '/auth/verify', 200),
      requests('HEAD', '/api/auth/verify', 401),
      requests('GET', '/auth/sessions/{id}', 405),
      requests('DELETE', '/auth/sessions/{id}', 404),
      requests('GET', '/metrics', 200),
      hashes,
    ]
    const moves = await movesOf(auth, series, async () => {
      await post(auth, '/auth/login', { email: newEmail(), password: PASSWORD })
      await auth.request('/auth/verify', { headers: { authorization: `Bearer ${access}` } })
      await auth.request('/api/auth/verify', { method: 'HEAD' })
      for (const id of ['one', 'two']) await send(auth, 'DELETE', `/auth/sessions/${id}`, access)
    })
    expect(moves).toEqual([1, 1, 1, 0, 2, 1, 1])
  })

  it('tell of the feed how far behind this node is, and when it lost its place', async () => {
    const auth = await stage.open({ config: {} })
    const lag = 'sallyport_revocation_feed_lag_seconds'
    const gaps = 'sallyport_revocation_feed_gaps_total'
    await auth.sync()
    const before = await scrape(auth)
    expect([before.of(lag), before.of(gaps)]).toEqual([0, 0])
    auth.clock.advance(7_000)
    expect((await scrape(auth)).of(lag)).toBe(7)
    await auth.sync()
    const after = await scrape(auth)
    expect([after.of(lag), after.of(gaps)]).toEqual([0, 1])
  })
})

describeEachAuth(
  'Active sessions',
  (stage) => {
    it('are counted over all nodes once a minute, and shown alike by each', async () => {
      const [here, there] = [await stage.open({ config: {} }), await stage.open({ config: {} })]
      const later = (milliseconds: number) => {
        for (const { clock } of [here, there]) clock.advance(milliseconds)
      }
      const shown = async () => [(await scrape(here)).of(ACTIVE), (await scrape(there)).of(ACTIVE)]
      const { email, access } = await newHolder(here)
      await holderSignIn(there, email)
      expect(await shown()).toEqual([2, 2])
      await newHolder(there)
      later(MINUTE - 1)
      expect(await shown()).toEqual([2, 2])
      later(1)
      expect(await shown()).toEqual([3, 3])
      await here.api.logout({ accessToken: access })
      later(MINUTE)
      expect(await shown()).toEqual([2, 2])
      later(31 * DAY)
      expect(await shown()).toEqual([0, 0])
    })

    it('are not shown before they could be counted, and stay what they were when the database is gone', async () => {
      const auth = await stage.open({ config: {} })
      await newHolder(auth)
      const db = await stage.db()
      await db.schema.alterTable('sessions').renameTo('hidden').execute()
      expect((await scrape(auth)).has(ACTIVE)).toBe(false)
      await db.schema.alterTable('hidden').renameTo('sessions').execute()
      auth.clock.advance(MINUTE)
      expect((await scrape(auth)).of(ACTIVE)).toBe(1)
      await db.schema.alterTable('sessions').renameTo('hidden').execute()
      auth.clock.advance(MINUTE)
      expect((await scrape(auth)).of(ACTIVE)).toBe(1)
    })
  },
  'test',
)

const ACTIVE = 'sallyport_sessions_active'
