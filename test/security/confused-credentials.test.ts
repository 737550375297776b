import { expect, it } from 'vitest'
import { Browser } from '../flows/browser.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { bearer, codeOf, newcomer, newEmail, PASSWORD, standingOf } from '../flows/people.js'

describeEachAuth('Credentials that contradict each other', (stage) => {
  it('are decided by the header alone: there is no falling back to the cookie', async () => {
    const auth = await stage.open()
    const [anna, bo] = [await newcomer(auth), await newcomer(auth)]
    const cookie = `session_id=${anna.access_token}`
    const both = await auth.request('/auth/me', { headers: { cookie, ...bearer(bo.access_token) } })
    expect(await both.json()).toMatchObject({ id: bo.user_id })

    await auth.api.logout({ accessToken: bo.access_token })
    const expectations = [
      [`Bearer ${bo.access_token}`, 'session_revoked'],
      [`Bearer ${anna.refresh_token}`, 'invalid_token'],
      ['Bearer x', 'invalid_token'],
      ['Bearer', 'invalid_token'],
      ['', 'unauthenticated'],
      ['Basic YTpi', 'unauthenticated'],
    ] as const
    for (const [authorization, code] of expectations) {
      for (const path of ['/auth/me', '/auth/verify']) {
        const answer = await auth.request(path, { headers: { cookie, authorization } })
        expect([authorization, path, await codeOf(answer)]).toEqual([authorization, path, code])
      }
      const headers = new Headers({ cookie, authorization })
      expect(await auth.authenticate(headers)).toBeNull()
    }
    expect(await auth.authenticate(new Headers({ cookie }))).toMatchObject({ userId: anna.user_id })
  })

  it('in a malformed Authorization header are refused', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const malformed = [
      `Bearer ${access_token} x`,
      `Bearer ${access_token},${access_token}`,
      `Bearer ${access_token}, Bearer ${access_token}`,
      `Bearer "${access_token}"`,
      `Bearer\t${access_token}`,
      `bearer:${access_token}`,
      `Token ${access_token}`,
      access_token,
      `Bearer ${access_token}=`,
      `Bearer ${access_token.slice(0, -1)}`,
      `Bearer ${access_token.toLowerCase()}`,
      `Bearer ${'A'.repeat(9000)}`,
    ]
    for (const authorization of malformed) {
      const answer = await auth.request('/auth/me', { headers: { authorization } })
      expect([authorization.slice(0, 150), answer.status]).toEqual([authorization.slice(0, 150), 401])
      expect(['invalid_token', 'unauthenticated']).toContain(await codeOf(answer))
    }
    for (const authorization of [`bearer ${access_token}`, `BEARER   ${access_token}`]) {
      expect((await auth.request('/auth/me', { headers: { authorization } })).status).toBe(200)
    }
  })

  it('in two cookies of one name are refused, whichever comes first', async () => {
    const auth = await stage.open()
    const [victim, attacker] = [await newcomer(auth), await newcomer(auth)]
    const tossed = [
      [victim, attacker],
      [attacker, victim],
    ].map((pair) => pair.map(({ access_token }) => `session_id=${access_token}`).join('; '))
    for (const cookie of [...tossed, `session_id=; session_id=${attacker.access_token}`]) {
      for (const path of ['/auth/me', '/auth/verify', '/auth/sessions']) {
        expect(await codeOf(await auth.request(path, { headers: { cookie } }))).toBe('invalid_token')
      }
    }
    expect(await standingOf(auth, victim.access_token)).toBe('200')
    expect(await standingOf(auth, attacker.access_token)).toBe('200')
    const refreshes = `refresh_token=${victim.refresh_token}; refresh_token=${attacker.refresh_token}`
    const answer = await auth.request('/auth/refresh', { method: 'POST', headers: { cookie: refreshes } })
    expect(await codeOf(answer)).toBe('unauthenticated')
  })

  it('in two cookies of one name do not keep a session alive at logout: whichever is genuine ends', async () => {
    const auth = await stage.open()
    const [victim, attacker] = [await newcomer(auth), await newcomer(auth)]
    const cookie = `session_id=${attacker.access_token}; session_id=${victim.access_token}`
    const answer = await auth.request('/auth/logout', { method: 'POST', headers: { cookie } })
    expect([answer.status, answer.headers.getSetCookie().length]).toEqual([204, 3])
    expect(await standingOf(auth, victim.access_token)).toBe('session_revoked')
  })

  it('in a header and a cookie at logout: the header alone counts, and the cookie stays', async () => {
    const auth = await stage.open()
    const [owner, other] = [await newcomer(auth), await newcomer(auth)]
    for (const authorization of [`Bearer ${other.access_token}`, 'Bearer', 'Basic eA==']) {
      const headers = { authorization, cookie: `session_id=${owner.access_token}` }
      const answer = await auth.request('/auth/logout', { method: 'POST', headers })
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([204, []])
    }
    expect(await standingOf(auth, other.access_token)).toBe('session_revoked')
    expect(await standingOf(auth, owner.access_token)).toBe('200')
  })

  it('do not keep anybody from signing in again', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const json = { email, password: PASSWORD, transport: 'cookie' }
    for (const cookie of ['session_id=a; session_id=b', 'session_id=stale', 'session_id="', '='.repeat(200)]) {
      const browser = new Browser(auth)
      expect((await browser.send('POST', '/auth/login', { json, headers: { cookie } })).status).toBe(200)
    }
  })

  it('that name another cookie are not looked at', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    for (const name of ['SESSION_ID', '__Host-session_id', ' session_idx', 'xsession_id', 'access_token']) {
      const answer = await auth.request('/auth/me', { headers: { cookie: `${name}=${access_token}` } })
      expect(await codeOf(answer)).toBe('unauthenticated')
    }
  })

  it('made for another purpose open nothing', async () => {
    const auth = await stage.open()
    const browser = new Browser(auth)
    const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    await browser.send('POST', '/auth/register', { json })
    const csrf = (await browser.csrf())['x-csrf-token'] ?? ''
    expect(await standingOf(auth, csrf)).toBe('invalid_token')
    const cookie = `session_id=${browser.value('refresh_token')}`
    expect(await codeOf(await auth.request('/auth/me', { headers: { cookie } }))).toBe('invalid_token')
    const swapped = `refresh_token=${browser.value('session_id')}`
    const answer = await auth.request('/auth/refresh', { method: 'POST', headers: { cookie: swapped } })
    expect(await codeOf(answer)).toBe('invalid_token')
  })

  it('of one session, bent into those of another, are forged', async () => {
    const auth = await stage.open()
    const [victim, attacker] = [await newcomer(auth), await newcomer(auth)]
    const bytesOf = (token: string) => Buffer.from(token.slice(4), 'base64url')
    // The attacker's own MAC before the victim's session.
    const bent = Buffer.concat([
      bytesOf(attacker.access_token).subarray(0, 32),
      bytesOf(victim.access_token).subarray(32),
    ])
    expect(await standingOf(auth, `sps_${bent.toString('base64url')}`)).toBe('invalid_token')
    // A later pair of one's own session, an unknown key, another version.
    for (const [at, value] of [
      [70, 2],
      [74, 9],
      [32, 2],
      [0, 0],
    ] as const) {
      const bytes = bytesOf(attacker.access_token)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (value || 1), at)
      expect([at, await standingOf(auth, `sps_${bytes.toString('base64url')}`)]).toEqual([at, 'invalid_token'])
    }
  })
})
