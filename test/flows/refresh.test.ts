import { expect, it } from 'vitest'
import { eventsOf, trailOf } from './audit-trail.js'
import { DAY, HOUR, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { bearer, codeOf, get, newcomer, post, refresh, signIn, standingOf, tokensOf } from './people.js'

// ASVS 7.2.1, 7.2.2, 7.4.1
describeEachAuth('Refreshing', (stage) => {
  it.each(['/auth', '/api/auth'])(
    'exchanges the refresh token under %s for a new pair of one session',
    async (base) => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      auth.clock.advance(HOUR)

      const answer = await post(auth, `${base}/refresh`, { refresh_token: person.refresh_token })
      const next = await tokensOf(answer)

      expect(next.access_token).not.toBe(person.access_token)
      expect(next.refresh_token).not.toBe(person.refresh_token)
      expect(next.session_token).toBe(next.access_token)
      expect(next).toMatchObject({ user_id: person.user_id, user: person.user, expires_in: 86_400 })
      expect(next.session).toEqual({
        ...person.session,
        last_activity: '2026-01-01T01:00:00.000Z',
        expires_at: '2026-01-31T00:00:00.000Z',
      })
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(await standingOf(auth, next.access_token)).toBe('200')
    },
  )

  it('keeps the old access token good for the grace, and not a moment longer', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const next = await tokensOf(await refresh(auth, person.refresh_token))

    expect(await standingOf(auth, person.access_token)).toBe('200')
    auth.clock.advance(10 * SECOND - 1)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    auth.clock.advance(1)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
    expect(await standingOf(auth, next.access_token)).toBe('200')
  })

  it('gives everybody who asks within the grace the current pair of the family', async () => {
    const auth = await stage.open()
    const first = await newcomer(auth)
    const second = await tokensOf(await refresh(auth, first.refresh_token))
    expect((await tokensOf(await refresh(auth, first.refresh_token))).refresh_token).toBe(second.refresh_token)
    auth.clock.advance(6 * SECOND)
    const third = await tokensOf(await refresh(auth, second.refresh_token))
    auth.clock.advance(3 * SECOND)

    for (const spent of [first, second]) {
      const again = await tokensOf(await refresh(auth, spent.refresh_token))
      expect([again.access_token, again.refresh_token]).toEqual([third.access_token, third.refresh_token])
    }
    expect(await trailOf(await stage.db(), { sessionId: first.session.id })).toEqual([
      'login.succeeded',
      'session.created',
      'session.refreshed',
      'session.refreshed',
    ])
  })

  it('counts the grace from when the token was spent, not from the last answer', async () => {
    const auth = await stage.open()
    const first = await newcomer(auth)
    await tokensOf(await refresh(auth, first.refresh_token))
    auth.clock.advance(9 * SECOND)
    await tokensOf(await refresh(auth, first.refresh_token))
    auth.clock.advance(SECOND)
    expect(await codeOf(await refresh(auth, first.refresh_token))).toBe('token_reused')
  })

  it('ends the family where a spent token comes back after the grace', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const bystander = await signIn(auth, person)
    const next = await tokensOf(await refresh(auth, person.refresh_token))
    auth.clock.advance(10 * SECOND)

    const answer = await post(auth, '/auth/refresh', { refresh_token: person.refresh_token })

    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await codeOf(answer)).toBe('token_reused')
    expect(await standingOf(auth, next.access_token)).toBe('session_revoked')
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, next.refresh_token))).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
    // Only this family.
    expect(await standingOf(auth, bystander.access_token)).toBe('200')

    const events = (await eventsOf(await stage.db(), { sessionId: person.session.id })).slice(-2)
    expect(events.map(({ type, actor_id, user_id }) => ({ type, actor_id, user_id }))).toEqual([
      { type: 'refresh.reused', actor_id: null, user_id: person.user_id },
      { type: 'session.revoked', actor_id: null, user_id: person.user_id },
    ])
    expect(events.map(({ data }) => JSON.parse(data))).toEqual([
      { counter: 1, current: 2, spent_ms_ago: 10_000 },
      { reason: 'refresh_reuse' },
    ])
  })

  it('ends the family at once where there is no grace', async () => {
    const auth = await stage.open({ config: { auth: { refresh: { reuseGrace: 0 } } } })
    const person = await newcomer(auth)
    const next = await tokensOf(await refresh(auth, person.refresh_token))
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('token_reused')
    expect(await standingOf(auth, next.access_token)).toBe('session_revoked')
  })

  it('finds reuse of a token spent many pairs ago', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    let current = person.refresh_token
    for (let pair = 0; pair < 5; pair++) {
      auth.clock.advance(HOUR)
      current = (await tokensOf(await refresh(auth, current))).refresh_token
    }
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('token_reused')
    expect(await codeOf(await refresh(auth, current))).toBe('session_revoked')
  })

  it('refuses a refresh token that has expired, and leaves what is left of the session alone', async () => {
    const auth = await stage.open({ config: { auth: { session: { refreshTokenTtl: HOUR } } } })
    const person = await newcomer(auth)
    auth.clock.advance(HOUR)
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('token_expired')
    expect(await standingOf(auth, person.access_token)).toBe('200')
  })

  it('gives each refresh token its whole life, up to the absolute end of the session', async () => {
    const auth = await stage.open({
      config: { auth: { session: { refreshTokenTtl: 10 * DAY, absoluteTtl: 25 * DAY } } },
    })
    let pair = await newcomer(auth).then(({ refresh_token }) => ({ refresh_token }))
    for (let day = 9; day <= 18; day += 9) {
      auth.clock.advance(9 * DAY)
      pair = await tokensOf(await refresh(auth, pair.refresh_token))
    }
    auth.clock.advance(7 * DAY - 1)
    const last = await tokensOf(await refresh(auth, pair.refresh_token))
    expect(last.expires_in).toBeLessThanOrEqual(1)
    expect(last.session.expires_at).toBe('2026-01-26T00:00:00.000Z')
    auth.clock.advance(1)
    expect(await codeOf(await refresh(auth, last.refresh_token))).toBe('token_expired')
    expect(await standingOf(auth, last.access_token)).toBe('token_expired')
  })

  it('caps the refresh token of who is not to be remembered at the idle life', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const brief = await signIn(auth, person, { remember: false })
    expect(brief.session.expires_at).toBe('2026-01-02T00:00:00.000Z')
    auth.clock.advance(DAY - 1)
    const next = await tokensOf(await refresh(auth, brief.refresh_token))
    expect(next.session.expires_at).toBe('2026-01-02T23:59:59.999Z')
    auth.clock.advance(DAY)
    expect(await codeOf(await refresh(auth, next.refresh_token))).toBe('token_expired')
    expect((await tokensOf(await refresh(auth, person.refresh_token))).user_id).toBe(person.user_id)
  })

  it('refreshes a session whose access token has ended by idleness', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    auth.clock.advance(3 * DAY)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
    const next = await tokensOf(await refresh(auth, person.refresh_token))
    expect(await standingOf(auth, next.access_token)).toBe('200')
  })

  it('takes an access token for no refresh token, and the reverse', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    expect(await codeOf(await refresh(auth, person.access_token))).toBe('invalid_token')
    expect(await standingOf(auth, person.refresh_token)).toBe('invalid_token')
    const swapped = (token: string, prefix: string) => prefix + token.slice(4)
    expect(await codeOf(await refresh(auth, swapped(person.access_token, 'spr_')))).toBe('invalid_token')
    expect(await standingOf(auth, swapped(person.refresh_token, 'sps_'))).toBe('invalid_token')
    expect(await standingOf(auth, person.access_token)).toBe('200')
  })

  it('refuses what is no token, without ending anything', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const forged = [
      `${person.refresh_token.slice(0, -1)}${person.refresh_token.endsWith('A') ? 'B' : 'A'}`,
      `spr_${'A'.repeat(100)}`,
      `${person.refresh_token}A`,
      `${person.refresh_token} `,
      person.refresh_token.toUpperCase(),
      'spr_',
      '',
    ]
    for (const token of forged) expect(await codeOf(await refresh(auth, token))).toBe('invalid_token')
    expect(await codeOf(await post(auth, '/auth/refresh', {}))).toBe('unauthenticated')
    expect(await codeOf(await auth.request('/auth/refresh', { method: 'POST' }))).toBe('unauthenticated')
    // The header is for access tokens.
    const byHeader = await post(auth, '/auth/refresh', {}, bearer(person.refresh_token))
    expect(await codeOf(byHeader)).toBe('unauthenticated')
    expect((await get(auth, '/auth/me', person.access_token)).status).toBe(200)
    await tokensOf(await refresh(auth, person.refresh_token))
  })
})
