import { createLocalJWKSet, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { partsOf } from '../security/forged-token.js'
import { Browser, readCookies } from './browser.js'
import { DAY, HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, get, meShape, newEmail, PASSWORD, post, refresh, send, standingOf } from './people.js'
import { jwtCookieAnswerShape, jwtNewcomer, jwtTokensOf, newBrowser } from './token-holders.js'

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string() })) })
const sessionList = z.object({
  sessions: z.array(z.looseObject({ id: z.string(), current: z.boolean(), expires_at: z.string() })),
})
const SECRET = 'Zk3-first-shared-key-of-the-tests-9f2'

// ASVS 7.4.2, 9.2.4
describeEachAuth('Stateless mode', (stage) => {
  const open = (options: NodeOptions = {}): Promise<BareNode> =>
    openNodeOfTest({ url: stage.url(), ...options, auth: { mode: 'stateless', ...options.auth } })

  it('answers a pair without a session, with the claims and the header of an access token', async () => {
    const auth = await open()
    const email = newEmail()
    const registered = await jwtTokensOf(await post(auth, '/auth/register', { email, password: PASSWORD }), 201)
    const signedIn = await jwtTokensOf(await post(auth, '/auth/login', { email, password: PASSWORD }))
    const renewed = await jwtTokensOf(await refresh(auth, signedIn.refresh_token))
    const keys = jwks.parse(await (await auth.request('/.well-known/jwks.json')).json())

    for (const answer of [registered, signedIn, renewed]) {
      expect(answer).toMatchObject({ expires_in: 900, expires_at: '2026-01-01T00:15:00.000Z', user_id: answer.user.id })
      const { header, claims } = partsOf(answer.access_token)
      const { kid = '' } = keys.keys[0] ?? {}
      expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid })
      const issued = Date.UTC(2026, 0, 1) / 1000
      expect(claims).toMatchObject({
        iss: 'sallyport',
        aud: 'sallyport',
        sub: answer.user_id,
        user_id: answer.user_id,
        tenant_id: answer.user.tenant_id,
        email,
        username: answer.user.username,
        roles: ['viewer'],
        sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        jti: expect.stringMatching(/^[A-Za-z0-9_-]{16,}$/),
        iat: issued,
        nbf: issued,
        exp: issued + 900,
      })
      expect(JSON.stringify(claims)).not.toMatch(/password_hash|argon|salt/)
    }
    const sids = [registered, signedIn, renewed].map(({ access_token }) => partsOf(access_token).claims['sid'])
    expect(sids[1]).toBe(sids[2])
    expect(sids[0]).not.toBe(sids[1])
    const jtis = [registered, signedIn, renewed].map(({ access_token }) => partsOf(access_token).claims['jti'])
    expect(new Set(jtis).size).toBe(3)
  })

  it.each(['EdDSA', 'ES256', 'RS256'] as const)(
    'gives %s tokens that anybody can check by the key set',
    async (algorithm) => {
      const server = { publicUrl: 'http://localhost:3000' }
      const auth = await open({ server, auth: { jwt: { algorithm } } })
      const { access_token, user_id } = await jwtNewcomer(auth)
      const keys = jwks.parse(await (await auth.request('/.well-known/jwks.json')).json())
      expect(JSON.stringify(keys)).not.toMatch(/"(?:d|p|q|dp|dq|qi|k)":/)
      const checked = await jwtVerify(access_token, createLocalJWKSet(keys), {
        issuer: server.publicUrl,
        audience: server.publicUrl,
        typ: 'at+jwt',
        algorithms: [algorithm],
        currentDate: new Date(auth.clock.now()),
      })
      expect(checked.payload).toMatchObject({ sub: user_id })
      expect(await standingOf(auth, access_token)).toBe('200')
    },
  )

  it('is the same by bearer token and by cookie, under both base paths', async () => {
    const auth = await open()
    const person = await jwtNewcomer(auth)
    const browser = new Browser(auth)
    const json = { email: person.email, password: PASSWORD, transport: 'cookie' }
    const answer = await browser.send('POST', '/api/auth/login', { json })
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).not.toMatch(/sp[sr]_|"ey/)
    jwtCookieAnswerShape.parse(JSON.parse(text))
    const week = `max-age=${7 * 86_400}`
    expect(readCookies(answer).map(({ name, value, attributes }) => [name, value.slice(0, 2), attributes])).toEqual([
      ['session_id', 'ey', ['httponly', week, 'samesite=lax', 'secure']],
      ['refresh_token', 'sp', ['httponly', week, 'samesite=lax', 'secure']],
      ['refresh_token', 'sp', ['httponly', week, 'samesite=lax', 'secure']],
    ])

    for (const path of ['/auth/me', '/api/auth/me', '/users/me']) {
      const byToken = meShape.parse(await (await get(auth, path, person.access_token)).json())
      const byCookie = meShape.parse(await (await browser.send('GET', path)).json())
      expect(byToken).toMatchObject(person.user)
      expect({ ...byToken, session_id: '' }).toEqual({ ...byCookie, session_id: '' })
      expect(byToken.session_id).toBe(partsOf(person.access_token).claims['sid'])
    }
    const verified = await browser.send('GET', '/auth/verify')
    expect(verified.headers.get('x-auth-user-id')).toBe(person.user_id)
    expect(verified.headers.get('x-auth-roles')).toBe('viewer')

    const list = sessionList.parse(await (await browser.send('GET', '/auth/sessions')).json())
    expect(list.sessions).toMatchObject([{ current: true }, { current: false }])
    expect(list.sessions.map(({ expires_at }) => expires_at)).toEqual(Array(2).fill('2026-01-08T00:00:00.000Z'))

    const blocked = await browser.send('PATCH', '/auth/me', { json: { username: 'renamed' } })
    expect(await codeOf(blocked)).toBe('csrf_rejected')
    const headers = await browser.csrf()
    expect((await browser.send('PATCH', '/auth/me', { json: { username: 'renamed' }, headers })).status).toBe(200)
    // The CSRF token lasts as long as the session, whatever is refreshed meanwhile.
    expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
    expect((await browser.send('DELETE', '/auth/sessions?except=current', { headers })).status).toBe(200)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')

    const taken = browser.value('session_id') ?? ''
    expect((await browser.send('POST', '/auth/logout')).status).toBe(204)
    expect(browser.cookies.size).toBe(0)
    expect(await standingOf(auth, taken)).toBe('session_revoked')
  })

  it.each([{ algorithm: 'EdDSA' }, { algorithm: 'HS256', secret: SECRET }] as const)(
    'gives everybody who presents a spent refresh token the same pair, to the letter ($algorithm)',
    async (jwt) => {
      const auth = await open({ auth: { jwt } })
      const person = await jwtNewcomer(auth)
      auth.clock.advance(MINUTE)
      const first = await jwtTokensOf(await refresh(auth, person.refresh_token))
      expect(first.access_token).not.toBe(person.access_token)
      auth.clock.advance(4 * SECOND)
      const [second, third] = await Promise.all(
        [1, 2].map(async () => jwtTokensOf(await refresh(auth, person.refresh_token))),
      )
      const tokens = (answer: typeof first | undefined) => [answer?.access_token, answer?.refresh_token]
      expect([tokens(second), tokens(third)]).toEqual([tokens(first), tokens(first)])
      // Said as it stands now: four seconds of it are over.
      expect([second?.expires_in, second?.expires_at]).toEqual([896, first.expires_at])

      auth.clock.advance(6 * SECOND)
      expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('token_reused')
      expect(await standingOf(auth, first.access_token)).toBe('session_revoked')
      expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
      expect(await codeOf(await refresh(auth, first.refresh_token))).toBe('session_revoked')
    },
  )

  it('gives one pair to many who refresh at once', async () => {
    const auth = await open()
    const person = await jwtNewcomer(auth)
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => jwtTokensOf(await refresh(auth, person.refresh_token))),
    )
    expect(new Set(answers.map(({ access_token }) => access_token)).size).toBe(1)
    expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1)
  })

  it('lets the JWT of a spent pair run to its end', async () => {
    const auth = await open()
    const person = await jwtNewcomer(auth)
    auth.clock.advance(MINUTE)
    await jwtTokensOf(await refresh(auth, person.refresh_token))
    auth.clock.advance(14 * MINUTE - 1)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    auth.clock.advance(1)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
  })

  it('does not remember where the person does not want to be', async () => {
    const auth = await open()
    const browser = await newBrowser(auth, { remember: false })
    expect([...browser.cookies.values()].flatMap(({ attributes }) => attributes.join()).join()).not.toContain('max-age')
    auth.clock.advance(DAY - 1)
    expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
    expect([...browser.cookies.values()].flatMap(({ attributes }) => attributes.join()).join()).not.toContain('max-age')
    auth.clock.advance(DAY)
    expect(await codeOf(await browser.send('POST', '/auth/refresh'))).toBe('token_expired')
  })

  it('has the refresh token live by jwt.refresh_token_ttl since its own issue', async () => {
    const auth = await open({ auth: { jwt: { refreshTokenTtl: 3 * HOUR } } })
    const person = await jwtNewcomer(auth)
    auth.clock.advance(3 * HOUR - 1)
    const next = await jwtTokensOf(await refresh(auth, person.refresh_token))
    const list = await get(auth, '/auth/sessions', next.access_token)
    const ends = new Date(auth.clock.now() + 3 * HOUR).toISOString()
    expect(sessionList.parse(await list.json()).sessions).toMatchObject([{ expires_at: ends }])
    auth.clock.advance(3 * HOUR)
    expect(await codeOf(await refresh(auth, next.refresh_token))).toBe('token_expired')
    const ofDefaults = await open()
    const other = await jwtNewcomer(ofDefaults)
    ofDefaults.clock.advance(7 * DAY)
    expect(await codeOf(await refresh(ofDefaults, other.refresh_token))).toBe('token_expired')
  })

  it('lets no token outlive its session', async () => {
    const auth = await open({ auth: { session: { absoluteTtl: 20 * MINUTE } } })
    const person = await jwtNewcomer(auth)
    auth.clock.advance(10 * MINUTE)
    const next = await jwtTokensOf(await refresh(auth, person.refresh_token))
    expect(next.expires_in).toBe(600)
    auth.clock.advance(10 * MINUTE - 1)
    expect(await standingOf(auth, next.access_token)).toBe('200')
    auth.clock.advance(1)
    expect(await standingOf(auth, next.access_token)).toBe('token_expired')
    expect(await codeOf(await refresh(auth, next.refresh_token))).toBe('token_expired')
  })

  it('ends the session of a JWT that has expired, at logout', async () => {
    const auth = await open()
    const person = await jwtNewcomer(auth)
    auth.clock.advance(HOUR)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
    expect((await send(auth, 'POST', '/auth/logout', person.access_token)).status).toBe(204)
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
    // A forged one ends nothing.
    const other = await jwtNewcomer(auth)
    expect((await send(auth, 'POST', '/auth/logout', `${other.access_token.slice(0, -4)}AAAA`)).status).toBe(204)
    expect(await standingOf(auth, other.access_token)).toBe('200')
  })

  it('refuses the JWT of a session that was ended by another one, at the next request', async () => {
    const auth = await open()
    const [person, stranger] = [await jwtNewcomer(auth), await jwtNewcomer(auth)]
    const other = await jwtTokensOf(await post(auth, '/auth/login', { email: person.email, password: PASSWORD }))
    const sid = String(partsOf(other.access_token).claims['sid'])
    for (const token of [other.access_token, person.access_token]) expect(await standingOf(auth, token)).toBe('200')
    expect((await send(auth, 'DELETE', `/auth/sessions/${sid}`, stranger.access_token)).status).toBe(404)
    expect((await send(auth, 'DELETE', `/auth/sessions/${sid}`, person.access_token)).status).toBe(204)
    expect(await standingOf(auth, other.access_token)).toBe('session_revoked')
    expect(await auth.authenticate(new Headers(bearer(other.access_token)))).toBeNull()
    expect(await standingOf(auth, person.access_token)).toBe('200')
    expect(await codeOf(await refresh(auth, other.refresh_token))).toBe('session_revoked')
    const all = await send(auth, 'DELETE', '/auth/sessions', person.access_token)
    expect(await all.json()).toEqual({ revoked: 1 })
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await standingOf(auth, stranger.access_token)).toBe('200')
  })

  it('refuses somebody who was disabled, at the next request, and after they are enabled', async () => {
    const auth = await open()
    const person = await jwtNewcomer(auth)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    await auth.api.users.disable(person.user_id)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect((await get(auth, '/auth/verify', person.access_token)).status).toBe(401)
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
    await auth.api.users.enable(person.user_id)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    await jwtTokensOf(await post(auth, '/auth/login', { email: person.email, password: PASSWORD }))
  })

  it.each(['stateless', 'stateful'] as const)('shows a new name at once in %s mode', async (mode) => {
    const auth = await open({ auth: { mode } })
    const registered = await post(auth, '/auth/register', { email: newEmail(), password: PASSWORD })
    const { access_token } = z.object({ access_token: z.string() }).parse(await registered.json())
    const changed = await send(auth, 'PATCH', '/auth/me', access_token, { username: 'Nova' })
    expect(await changed.json()).toMatchObject({ username: 'Nova' })
    expect(await (await get(auth, '/auth/me', access_token)).json()).toMatchObject({ username: 'Nova' })
    expect(await (await get(auth, '/users/me', access_token)).json()).toMatchObject({ username: 'Nova' })
  })

  it('keeps tenants apart', async () => {
    const auth = await open()
    const { access_token, user } = await jwtNewcomer(auth)
    const other = { 'x-tenant-id': '01900000-0000-7000-8000-0000000000ff' }
    for (const path of ['/auth/me', '/auth/verify']) {
      expect((await get(auth, path, access_token, { 'x-tenant-id': user.tenant_id })).status).toBe(200)
      expect(await codeOf(await get(auth, path, access_token, other))).toBe('forbidden')
    }
  })
})
