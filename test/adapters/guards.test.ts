import { expect, it } from 'vitest'
import { DAY, MINUTE } from '../flows/durations.js'
import { callerIn, describeEachApplication, refusalOf } from './application.js'
import { FAILURE } from './stack.js'

describeEachApplication('The guards', (application) => {
  it('let in who has signed in, and tell the handler all about it', async () => {
    const { send, newcomer, browser, mode } = application()
    const { userId, bearer } = await newcomer()
    const answer = await send('GET', '/me', bearer)
    const caller = await callerIn(answer)
    expect(caller).toMatchObject({ userId, isJwtMode: mode === 'stateless' })
    if (mode === 'stateless')
      expect(caller.claims).toMatchObject({ sub: userId, sid: caller.session.id, iss: 'sallyport' })
    else expect(caller.claims).toBeNull()
    expect(answer.headers.get('vary') ?? '').not.toContain('Cookie')

    const byCookie = await send('GET', '/me', (await browser()).headers())
    expect((await callerIn(byCookie)).isJwtMode).toBe(mode === 'stateless')
    expect(byCookie.headers.get('vary')).toContain('Cookie')
    expect((await send('GET', '/nested/me', bearer)).status).toBe(200)
  })

  it('refuse everybody else as the contract says, and keep the request id', async () => {
    const { send, newcomer, auth } = application()
    const nobody = await send('GET', '/me', { 'x-request-id': 'trace-7' })
    expect(nobody.headers.get('x-request-id')).toBe('trace-7')
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="sallyport"')
    expect(await refusalOf(nobody)).toBe('401 unauthenticated')
    for (const path of ['/nested/me', '/twice', '/read', '/admin', '/fresh']) {
      expect(await refusalOf(await send('GET', path)), path).toBe('401 unauthenticated')
    }
    const forged = await send('GET', '/me', { authorization: 'Bearer sps_nothing' })
    expect(forged.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await refusalOf(forged)).toBe('401 invalid_token')

    const { bearer, accessToken } = await newcomer()
    // Memory knows it well by then.
    for (let time = 0; time < 3; time++) expect((await send('GET', '/me', bearer)).status).toBe(200)
    await auth.api.logout({ accessToken })
    expect(await refusalOf(await send('GET', '/me', bearer))).toBe('401 session_revoked')
    const head = await send('HEAD', '/me')
    expect([head.status, await head.text()]).toEqual([401, ''])
  })

  it('believe no header but the two that carry tokens', async () => {
    const { send, newcomer } = application()
    const { userId, bearer } = await newcomer()
    const forged = {
      'x-auth-user-id': '019b0000-0000-7000-8000-000000000001',
      'x-auth-roles': 'superadmin',
      'x-user-id': '1',
      'x-forwarded-user': 'root',
      'x-session-token': 'sps_x',
      'x-original-url': '/open',
      'x-rewrite-url': '/open',
      'x-http-method-override': 'GET',
    }
    expect(await refusalOf(await send('GET', '/me', forged))).toBe('401 unauthenticated')
    expect(await (await send('GET', '/me', { ...forged, ...bearer })).json()).toMatchObject({ userId })
    expect(await refusalOf(await send('GET', '/admin', { ...forged, ...bearer }))).toBe('403 forbidden')
    const inQuery = await send('GET', `/me?access_token=${bearer['authorization']?.slice(7)}`)
    expect(await refusalOf(inQuery)).toBe('401 unauthenticated')
  })

  it('ask for every role and permission that is named', async () => {
    const { send, newcomer } = application()
    const { bearer } = await newcomer()
    expect((await send('GET', '/read', bearer)).status).toBe(200)
    expect((await send('GET', '/twice', bearer)).status).toBe(200)
    expect(await refusalOf(await send('GET', '/write', bearer))).toBe('403 forbidden')
    expect(await refusalOf(await send('GET', '/admin', bearer))).toBe('403 forbidden')
  })

  it('let in anybody where they are optional, and say who it is only where that is certain', async () => {
    const { send, newcomer } = application()
    const { userId, bearer } = await newcomer()
    const known = await send('GET', '/open', bearer)
    expect(await known.json()).toEqual({ userId })
    const nobody = await send('GET', '/open')
    expect(await nobody.json()).toEqual({ userId: null })
    // A cache in front must not show one to the other.
    for (const { headers } of [known, nobody]) expect(headers.get('vary')).toBe('Authorization, Cookie')
    for (const authorization of ['Bearer sps_nothing', 'Bearer', 'Basic YTpi', '']) {
      expect(await (await send('GET', '/open', { authorization })).json(), authorization).toEqual({ userId: null })
    }
    expect(await refusalOf(await send('GET', '/open', { ...bearer, 'x-tenant-id': 'other' }))).toBe('403 forbidden')
  })

  it('take the header alone where both are sent, and neither of two cookies', async () => {
    const { send, newcomer, browser } = application()
    const { userId, bearer } = await newcomer()
    const { cookie, headers } = await browser()
    const both = await send('GET', '/me', { ...bearer, cookie: cookie() })
    expect(await both.json()).toMatchObject({ userId })
    const badHeader = { ...headers(), authorization: 'Bearer sps_nothing' }
    expect(await refusalOf(await send('GET', '/me', badHeader))).toBe('401 invalid_token')
    const planted = { cookie: `${cookie()}; session_id=sps_planted` }
    expect(await refusalOf(await send('GET', '/me', planted))).toBe('401 invalid_token')
  })

  it('keep a request in the tenant of its token', async () => {
    const { send, newcomer } = application()
    const { bearer } = await newcomer()
    const { tenantId } = await callerIn(await send('GET', '/me', bearer))
    expect((await send('GET', '/me', { ...bearer, 'x-tenant-id': tenantId })).status).toBe(200)
    const other = '019b0000-0000-7000-8000-00000000beef'
    expect(await refusalOf(await send('GET', '/me', { ...bearer, 'x-tenant-id': other }))).toBe('403 forbidden')
  })

  it('refuse a write that another site has made a browser send', async () => {
    const { send, newcomer, browser, origin } = application()
    const { cookie, headers } = await browser()
    expect((await send('POST', '/me', headers())).status).toBe(200)
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${origin}.evil.example` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const added of foreign) {
      const answer = await send('POST', '/me', { cookie: cookie(), ...added })
      expect(await refusalOf(answer), JSON.stringify(added)).toBe('403 csrf_rejected')
      expect((await send('GET', '/me', { cookie: cookie(), ...added })).status).toBe(200)
    }
    const optional = await send('POST', '/open', { cookie: cookie(), origin: 'https://evil.example' })
    expect(await refusalOf(optional)).toBe('403 csrf_rejected')
    expect((await send('POST', '/unchecked', { cookie: cookie(), origin: 'https://evil.example' })).status).toBe(200)
    // No browser adds this header by itself.
    expect((await send('POST', '/me', { ...(await newcomer()).bearer, origin: 'https://evil.example' })).status).toBe(
      200,
    )
  })

  it('ask for a CSRF token too where they are told to', async () => {
    const { send, newcomer, browser } = application()
    const { browser: page, headers } = await browser()
    expect(await refusalOf(await send('POST', '/with-token', headers()))).toBe('403 csrf_rejected')
    expect((await send('POST', '/with-token', { ...headers(), ...(await page.csrf()) })).status).toBe(200)
    expect((await send('POST', '/with-token', (await newcomer()).bearer)).status).toBe(200)
  })

  it('leave the body to the application', async () => {
    const { send, newcomer } = application()
    const { bearer } = await newcomer()
    const answer = await send('POST', '/echo', bearer, { text: 'as it was sent' })
    expect(await answer.json()).toEqual({ text: 'as it was sent' })
    expect(await refusalOf(await send('POST', '/echo', {}, { text: 'x'.repeat(50_000) }))).toBe('401 unauthenticated')
  })

  it('swallow no failure of a handler, and answer what a helper throws', async () => {
    const { send, newcomer } = application()
    const failed = await send('GET', '/fails', (await newcomer()).bearer)
    expect(failed.status).toBe(FAILURE.status)
    expect(await failed.text()).not.toContain('a bug')
    expect(await refusalOf(await send('GET', '/must'))).toBe('401 unauthenticated')
  })

  it('let nobody in where nothing is mounted', async () => {
    const { stack, newcomer, sendRaw: _ } = application()
    const { bearer } = await newcomer()
    const { port, close } = await stack.start(null)
    expect((await fetch(`http://127.0.0.1:${port}/me`, { headers: bearer })).status).toBe(500)
    await close()
  })
})

describeEachApplication('A token near its end', (application) => {
  it('comes back renewed by the way it came: once, to be kept by nobody else', async () => {
    const { auth, send, browser, mode } = application()
    const { browser: page, headers, cookie } = await browser()
    const { token } = await (await page.send('POST', '/session')).json().then((body) => Object(body))
    const guest = { authorization: `Bearer ${token}` }
    const cookies = cookie()
    auth.clock.advance(8 * MINUTE)

    const renewed = await send('GET', '/twice', { ...headers(), cookie: cookies })
    expect(renewed.status).toBe(200)
    const set = renewed.headers.getSetCookie()
    if (mode === 'stateful') expect(set).toEqual([])
    else {
      expect(set).toEqual([
        expect.stringMatching(/^session_id=ey.+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/),
      ])
      expect(renewed.headers.get('cache-control')).toBe('no-store')
    }
    expect((await send('GET', '/me', guest)).headers.get('x-session-token')).toBeNull()
    auth.clock.advance(7 * DAY - 20 * MINUTE)
    const extended = await send('GET', '/me', guest)
    expect(extended.headers.get('x-session-token')).toMatch(/^ey/)
    expect(Date.parse(extended.headers.get('x-session-expires-at') ?? '')).toBeGreaterThan(auth.clock.now() + 6 * DAY)
    expect(extended.headers.get('cache-control')).toBe('no-store')
    const next = { authorization: `Bearer ${extended.headers.get('x-session-token')}` }
    expect((await send('GET', '/me', next)).status).toBe(200)
  })

  it('tells at once what has changed of its holder, however well it was known', async () => {
    const { send, newcomer } = application()
    const { bearer } = await newcomer()
    for (let time = 0; time < 2; time++) await callerIn(await send('GET', '/me', bearer))
    const username = `renamed-${Math.random().toString(36).slice(2, 10)}`
    expect((await send('PATCH', '/auth/me', bearer, { username })).status).toBe(200)
    for (let time = 0; time < 2; time++) {
      expect((await callerIn(await send('GET', '/me', bearer))).username).toBe(username)
    }
  })

  it('is refused once it has ended, however well it was known', async () => {
    const { auth, send, newcomer, mode } = application()
    const { bearer } = await newcomer()
    expect((await send('GET', '/me', bearer)).status).toBe(200)
    expect((await send('GET', '/me', bearer)).status).toBe(200)
    auth.clock.advance(mode === 'stateful' ? DAY + MINUTE : 15 * MINUTE)
    expect(await refusalOf(await send('GET', '/me', bearer))).toBe('401 token_expired')
  })

  it('does not stand for a recent authentication', async () => {
    const { auth, send, newcomer } = application()
    const { bearer } = await newcomer()
    expect((await send('POST', '/danger', bearer)).status).toBe(200)
    auth.clock.advance(11 * MINUTE)
    const late = await send('POST', '/danger', bearer)
    expect(late.headers.get('www-authenticate')).toContain('insufficient_user_authentication')
    expect(await refusalOf(late)).toBe('401 reauthentication_required')
  })
})
