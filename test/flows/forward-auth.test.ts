import { expect, it } from 'vitest'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { Browser } from './browser.js'
import { MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { bearer, codeOf, newcomer, newEmail, PASSWORD, post, signIn, tokensOf } from './people.js'

// ASVS 8.4.1
describeEachAuth('Forward authentication', (stage) => {
  it.each(['/auth/verify', '/api/auth/verify'])('tells at %s who calls, in headers', async (path) => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const answer = await auth.request(path, { headers: bearer(person.access_token) })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('')
    const told = [...answer.headers].filter(([name]) => name.startsWith('x-auth-'))
    expect(Object.fromEntries(told)).toEqual({
      'x-auth-user-id': person.user_id,
      'x-auth-tenant-id': DEFAULT_TENANT_ID,
      'x-auth-session-id': person.session.id,
      'x-auth-roles': 'viewer',
      'x-auth-email': person.email,
    })
  })

  it('answers any method, since proxies forward the original one', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      expect((await auth.request('/auth/verify', { method, headers: bearer(access_token) })).status).toBe(200)
      expect((await auth.request('/auth/verify', { method })).status).toBe(401)
    }
  })

  it('takes the session cookie, and only asks: no CSRF token is needed', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = new Browser(auth)
    await browser.send('POST', '/auth/login', { json: { email, password: PASSWORD, transport: 'cookie' } })
    const foreign = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await browser.send(method, '/auth/verify', { headers: foreign })).status).toBe(200)
    }
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
  })

  it('answers 401 with a challenge where there is no good token', async () => {
    const auth = await stage.open()
    const { access_token, refresh_token } = await newcomer(auth)
    await auth.api.logout({ accessToken: access_token })
    const codes = []
    for (const authorization of [`Bearer ${access_token}`, `Bearer ${refresh_token}`, 'Bearer x', 'Basic YTpi']) {
      const answer = await auth.request('/auth/verify', { headers: { authorization } })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="sallyport"/)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('x-auth-'))).toEqual([])
      codes.push(await codeOf(answer))
    }
    expect(codes).toEqual(['session_revoked', 'invalid_token', 'invalid_token', 'unauthenticated'])
  })

  it('asks for every role and permission that is named', async () => {
    const auth = await stage.open()
    const editor = { email: newEmail(), password: PASSWORD }
    await auth.api.users.create({ ...editor, role: 'editor' })
    const { access_token } = await signIn(auth, editor)
    const statusOf = async (query: string) => {
      const answer = await auth.request(`/auth/verify?${query}`, { headers: bearer(access_token) })
      if (answer.status === 403) expect(await codeOf(answer)).toBe('forbidden')
      return answer.status
    }
    const permitted = [
      'role=editor',
      'permission=content:write',
      'permission=content%3Aread&permission=content:write&role=editor',
      'permission=profile:anything',
    ]
    const refused = [
      'role=admin',
      'role=editor&role=admin',
      'role=editor,admin',
      'role=',
      'role=Editor',
      'permission=users:read',
      'permission=content:read&permission=content:delete',
      'permission=content:*',
      'permission=*',
      'permission=content',
      'permission=',
      'permission=profile:a&role=viewer',
    ]
    for (const query of permitted) expect([query, await statusOf(query)]).toEqual([query, 200])
    for (const query of refused) expect([query, await statusOf(query)]).toEqual([query, 403])
  })

  it('lets a superadmin through every demand on permissions', async () => {
    const auth = await stage.open()
    const root = { email: newEmail(), password: PASSWORD }
    await auth.api.users.create({ ...root, role: 'superadmin' })
    const { access_token } = await signIn(auth, root)
    const answer = await auth.request('/auth/verify?permission=system:keys&permission=users:erase', {
      headers: bearer(access_token),
    })
    expect(answer.status).toBe(200)
  })

  it('refuses a token of another tenant than the request names', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const statusOf = async (tenant: string) =>
      (await auth.request('/auth/verify', { headers: { ...bearer(access_token), 'x-tenant-id': tenant } })).status
    expect(await statusOf(DEFAULT_TENANT_ID)).toBe(200)
    expect(await statusOf(DEFAULT_TENANT_ID.toUpperCase())).toBe(200)
    expect(await statusOf('019b0000-0000-7000-8000-00000000ffff')).toBe(403)
    expect(await statusOf('default')).toBe(403)
    expect(await statusOf('')).toBe(403)
  })

  it('gives the address in ASCII, whatever its letters', async () => {
    const auth = await stage.open()
    const email = `zoë.${newEmail()}`
    const registered = await post(auth, '/auth/register', { email, password: PASSWORD })
    const { access_token } = await tokensOf(registered, 201)
    const answer = await auth.request('/auth/verify', { headers: bearer(access_token) })
    expect(decodeURIComponent(answer.headers.get('x-auth-email') ?? '')).toBe(email)
  })

  it('takes the header alone where there is a cookie as well, good or bad', async () => {
    const auth = await stage.open()
    const [inCookie, inHeader] = [await newcomer(auth), await newcomer(auth)]
    const cookie = `session_id=${inCookie.access_token}`
    const both = await auth.request('/auth/verify', { headers: { cookie, ...bearer(inHeader.access_token) } })
    expect(both.headers.get('x-auth-user-id')).toBe(inHeader.user_id)
    for (const authorization of [
      'Bearer x',
      'Bearer ',
      '',
      'Basic YTpi',
      `Bearer ${inHeader.access_token}, Bearer x`,
    ]) {
      expect((await auth.request('/auth/verify', { headers: { cookie, authorization } })).status).toBe(401)
    }
  })

  it('believes nothing that a caller says of itself', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const forged = { 'x-auth-user-id': 'root', 'x-auth-roles': 'superadmin', 'x-auth-email': 'root@example.com' }
    const forwarded = { 'x-forwarded-uri': '/auth/verify?role=x', 'x-forwarded-method': 'GET', 'x-original-url': '/' }
    const headers = { ...forged, ...forwarded, 'x-forwarded-user': 'root', 'x-http-method-override': 'GET' }
    expect((await auth.request('/auth/verify', { headers })).status).toBe(401)
    const answer = await auth.request('/auth/verify', { headers: { ...headers, ...bearer(person.access_token) } })
    expect(answer.headers.get('x-auth-user-id')).toBe(person.user_id)
    expect(answer.headers.get('x-auth-roles')).toBe('viewer')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('refuses a question that it does not know, or could be read in two ways', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const queries = [
      'roles=admin',
      'Role=viewer',
      'role=viewer&x=1',
      'role[]=viewer',
      '?role=viewer',
      'role%20=viewer',
      '=',
    ]
    for (const query of queries) {
      const answer = await auth.request(`/auth/verify?${query}`, { headers: bearer(access_token) })
      expect([query, answer.status, await codeOf(answer)]).toEqual([query, 400, 'invalid_request'])
      // Who is nobody learns nothing of it.
      expect((await auth.request(`/auth/verify?${query}`)).status).toBe(401)
    }
    for (const path of ['/auth//verify', '/auth/verify/', '/auth/VERIFY', '/auth/%76erify', '/auth/verify;x=1']) {
      expect([path, (await auth.request(path, { headers: bearer(access_token) })).status]).toEqual([path, 404])
    }
  })
})

describeEachAuth('A browser that passes through forward authentication alone', (stage) => {
  const STATELESS = { config: { auth: { mode: 'stateless' } } } as const

  async function signedUp(auth: Awaited<ReturnType<typeof stage.open>>) {
    const browser = new Browser(auth)
    const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    expect((await browser.send('POST', '/auth/register', { json })).status).toBe(201)
    return browser
  }

  it('stays signed in beyond its JWT: the answer carries the next one', async () => {
    const auth = await stage.open(STATELESS)
    const browser = await signedUp(auth)
    const tokens = new Set<string>()
    for (let minutes = 0; minutes < 60; minutes += 5) {
      const answer = await browser.send('GET', '/auth/verify')
      expect(answer.status).toBe(200)
      expect(answer.headers.getSetCookie().length).toBeLessThanOrEqual(1)
      tokens.add(browser.value('session_id') ?? '')
      auth.clock.advance(5 * MINUTE)
    }
    // Near the end of each, and not with every answer.
    expect(tokens.size).toBe(6)
  })

  it('is given a cookie only where it came with one and was let in', async () => {
    const auth = await stage.open(STATELESS)
    const browser = await signedUp(auth)
    auth.clock.advance(10 * MINUTE)
    const token = browser.value('session_id') ?? ''
    const cookie = `session_id=${token}`
    const cookiesAt = async (path: string, headers: Record<string, string>) => {
      const answer = await auth.request(path, { headers })
      return [answer.status, answer.headers.getSetCookie().length]
    }
    expect(await cookiesAt('/auth/verify', bearer(token))).toEqual([200, 0])
    expect(await cookiesAt('/auth/verify?role=admin', { cookie })).toEqual([403, 0])
    expect(await cookiesAt('/auth/verify', { cookie, 'x-tenant-id': 'another' })).toEqual([403, 0])
    expect(await cookiesAt('/auth/verify', { cookie })).toEqual([200, 1])
    auth.clock.advance(5 * MINUTE)
    expect(await cookiesAt('/auth/verify', { cookie })).toEqual([401, 0])
  })

  it('changes with the mode of the server, in both directions', async () => {
    const [stateful, stateless] = [await stage.open(), await stage.open(STATELESS)]
    const browser = await signedUp(stateful)
    const passing = (auth: typeof stateful) =>
      auth.request('/auth/verify', { headers: { cookie: `session_id=${browser.value('session_id')}` } })
    const take = (answer: Response) => /^session_id=([^;]+)/.exec(answer.headers.getSetCookie()[0] ?? '')?.[1] ?? ''

    const jwt = take(await passing(stateless))
    expect(jwt).toMatch(/^ey/)
    const opaque = take(await stateful.request('/auth/verify', { headers: { cookie: `session_id=${jwt}` } }))
    expect(opaque).toMatch(/^sps_/)
    expect((await stateful.request('/auth/verify', { headers: bearer(opaque) })).status).toBe(200)
  })
})
