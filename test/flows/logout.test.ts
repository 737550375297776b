import { expect, it } from 'vitest'
import { trailOf } from './audit-trail.js'
import { Browser } from './browser.js'
import { DAY } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { bearer, codeOf, newcomer, PASSWORD, refresh, signIn, standingOf, tokensOf } from './people.js'

// ASVS 7.4.1
describeEachAuth('Logging out', (stage) => {
  it.each(['/auth', '/api/auth'])('ends the session and its refresh family under %s', async (base) => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const next = await tokensOf(await refresh(auth, person.refresh_token))
    const elsewhere = await signIn(auth, person)

    const answer = await auth.request(`${base}/logout`, { method: 'POST', headers: bearer(next.access_token) })

    expect(answer.status).toBe(204)
    expect(answer.headers.getSetCookie()).toEqual([])
    for (const { access_token, refresh_token } of [person, next]) {
      expect(await standingOf(auth, access_token)).toBe('session_revoked')
      expect(await codeOf(await refresh(auth, refresh_token))).toBe('session_revoked')
    }
    expect(await standingOf(auth, elsewhere.access_token)).toBe('200')
    expect(await trailOf(await stage.db(), { sessionId: person.session.id })).toEqual([
      'login.succeeded',
      'session.created',
      'session.refreshed',
      'session.revoked',
    ])
  })

  it('takes a JSON body, and ignores it', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const headers = { ...bearer(person.access_token), 'content-type': 'application/json' }
    const body = JSON.stringify({ refresh_token: person.refresh_token })
    expect((await auth.request('/auth/logout', { method: 'POST', headers, body })).status).toBe(204)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
  })

  it('ends the session of a genuine token that has expired', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    auth.clock.advance(2 * DAY)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
    expect(await logout(auth, bearer(person.access_token))).toBe(204)
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
  })

  it('has nothing to do, and says so, twice, without a token, or with one that is none', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const genuine = bearer(person.access_token)
    expect(await logout(auth, genuine)).toBe(204)
    expect(await logout(auth, genuine)).toBe(204)
    expect(await logout(auth, {})).toBe(204)
    const bad = ['Bearer', 'Bearer x', 'Bearer a b', 'Basic YTpi', `Bearer sps_${'A'.repeat(100)}`, '']
    for (const authorization of bad) expect(await logout(auth, { authorization })).toBe(204)
    expect(await logout(auth, { cookie: 'session_id=a; session_id=b' })).toBe(204)
    // Told once.
    const trail = await trailOf(await stage.db(), { sessionId: person.session.id })
    expect(trail.filter((type) => type === 'session.revoked')).toHaveLength(1)
  })

  it('does not end a session by its refresh token, which is no proof at this door', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    expect(await logout(auth, bearer(person.refresh_token))).toBe(204)
    expect(await standingOf(auth, person.access_token)).toBe('200')
  })

  it('ends the session of the cookie, and the browser is signed out', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = new Browser(auth)
    await browser.send('POST', '/auth/login', { json: { email, password: PASSWORD, transport: 'cookie' } })
    const [access = '', refreshToken = ''] = [browser.value('session_id'), browser.value('refresh_token')]

    const answer = await browser.send('POST', '/auth/logout')

    expect(answer.status).toBe(204)
    expect(browser.cookies.size).toBe(0)
    expect(await standingOf(auth, access)).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, refreshToken))).toBe('session_revoked')
    expect(await codeOf(await browser.send('GET', '/auth/me'))).toBe('unauthenticated')
  })

  it('clears what is left in a browser that has no session any more', async () => {
    const auth = await stage.open()
    const answer = await new Browser(auth).send('POST', '/auth/logout')
    expect(answer.status).toBe(204)
    expect(answer.headers.getSetCookie()).toHaveLength(3)
  })

  it('reaches another node as soon as that one hears of it', async () => {
    const [here, there] = [await stage.open(), await stage.open()]
    const person = await newcomer(here)
    expect(await standingOf(there, person.access_token)).toBe('200')
    expect(await logout(here, bearer(person.access_token))).toBe(204)
    await there.sync()
    expect(await standingOf(there, person.access_token)).toBe('session_revoked')
  })
})

async function logout(auth: Parameters<typeof standingOf>[0], headers: Record<string, string>): Promise<number> {
  return (await auth.request('/auth/logout', { method: 'POST', headers })).status
}
