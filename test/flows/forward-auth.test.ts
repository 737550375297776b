import { expect, it } from 'vitest'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { Browser } from './browser.js'
import { describeEachAuth } from './each-auth.js'
import { bearer, codeOf, newcomer, newEmail, PASSWORD, post, signIn, tokensOf } from './people.js'

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
})
