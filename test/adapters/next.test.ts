import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as next from '../../src/adapters/next.js'
import type { Auth } from '../../src/index.js'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { MINUTE } from '../flows/durations.js'
import { newEmail, PASSWORD } from '../flows/people.js'

const HOST = 'app.example'
const ORIGIN = `http://${HOST}`

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' }, server: { basePaths: ['/auth'] } } })
})
afterAll(() => auth?.close())

/** What `await headers()` gives: no `Headers`, with a member of the same name as a request has. */
function headersOf(fields: Record<string, string>) {
  const headers = new Headers({ host: HOST, ...fields })
  return { headers: fields, get: (name: string) => headers.get(name) }
}

/** What `await cookies()` gives in an action: one of each name. */
class CookieStore {
  readonly kept = new Map<string, { readonly value: string; readonly path: string; readonly maxAge?: number }>()

  set(name: string, value: string, attributes: { readonly path: string; readonly maxAge?: number }): void {
    this.kept.set(name, { value, ...attributes })
  }

  get header(): Record<string, string> {
    return { cookie: [...this.kept].map(([name, { value }]) => `${name}=${value}`).join('; ') }
  }
}

async function signUp(email = newEmail()): Promise<CookieStore> {
  const cookies = new CookieStore()
  const request = { headers: headersOf({ origin: ORIGIN }), cookies, auth }
  const body = { email, password: PASSWORD, transport: 'cookie' }
  expect(await next.callFromAction(request, 'POST', '/auth/register', body)).toEqual({ ok: true, status: 201 })
  return cookies
}

const refusal = (code: string) => expect.objectContaining({ name: 'SallyportError', code })

describe('Headers in a server component', () => {
  it('tell who is there, by the token alone', async () => {
    const { header } = await signUp()
    const identity = await next.mustGetIdentity(headersOf(header), { auth })
    expect(await next.getUserId(headersOf(header), { auth })).toBe(identity.userId)
    expect(await next.isJwtMode(headersOf(header), { auth })).toBe(true)
    expect((await next.mustGetClaims(headersOf(header), { auth })).sub).toBe(identity.userId)
    expect((await next.getSession(headersOf(header), { auth }))?.id).toBe(identity.sessionId)

    const forged = {
      'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy',
      'x-middleware-set-cookie': header['cookie'] ?? '',
      'x-middleware-override-headers': 'cookie',
      'x-middleware-request-cookie': header['cookie'] ?? '',
      'x-sallyport-user': identity.userId,
      'x-auth-user-id': identity.userId,
    }
    expect(await next.getIdentity(headersOf(forged), { auth })).toBeNull()
    await expect(next.mustGetIdentity(headersOf(forged), { auth })).rejects.toEqual(refusal('unauthenticated'))
  })

  it('are read by the library, too', async () => {
    class HeadersOfNext extends Headers {
      readonly headers = {}
    }
    const { header } = await signUp()
    const { userId } = await next.mustGetIdentity(headersOf(header), { auth })
    expect((await auth.authenticate(new HeadersOfNext(header)))?.userId).toBe(userId)
  })

  it('are not answered with nobody where they contradict themselves', async () => {
    const { header } = await signUp()
    const torn = headersOf({ ...header, 'x-tenant-id': randomUUID() })
    await expect(next.getIdentity(torn, { auth })).rejects.toEqual(refusal('forbidden'))
  })
})

describe('A server action', () => {
  it('signs in and out by cookies that no script can read, one of each name', async () => {
    const email = newEmail()
    const signedUp = await signUp(email)
    expect([...signedUp.kept.keys()]).toEqual(['session_id', 'refresh_token', 'known_device'])
    expect(signedUp.kept.get('refresh_token')).toMatchObject({ path: '/auth/refresh', httpOnly: true, secure: true })

    const cookies = new CookieStore()
    const request = { headers: headersOf({ origin: ORIGIN }), cookies, auth }
    const wrong = { email, password: 'wrong', transport: 'cookie' }
    expect(await next.callFromAction(request, 'POST', '/auth/login', wrong)).toMatchObject({
      ...{ ok: false, status: 401, code: 'invalid_credentials' },
    })
    expect(cookies.kept.size).toBe(0)
    await next.callFromAction(request, 'POST', '/auth/login', { ...wrong, password: PASSWORD })
    const { header } = cookies
    expect(await next.getUserId(headersOf(header), { auth })).not.toBeNull()

    const leaving = { headers: headersOf({ ...header, origin: ORIGIN }), cookies, auth }
    expect(await next.callFromAction(leaving, 'POST', '/auth/logout')).toEqual({ ok: true, status: 204 })
    expect(cookies.kept.get('session_id')).toMatchObject({ value: '', maxAge: 0 })
    expect(await next.getUserId(headersOf(header), { auth })).toBeNull()
  })

  it('sends on what the browser said of itself, but not what it said of its own body', async () => {
    const cookies = new CookieStore()
    const headers = headersOf({
      ...{ origin: ORIGIN, 'content-type': 'multipart/form-data; boundary=x', 'content-length': '999999' },
      ...{ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' },
    })
    const body = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    expect(await next.callFromAction({ headers, cookies, auth }, 'POST', '/auth/register', body)).toMatchObject({
      ok: true,
    })
    const identity = await next.mustGetIdentity(headersOf(cookies.header), { auth })
    expect((await auth.api.sessions.list(identity))[0]?.device).toContain('Firefox')
  })

  it('lets no token out of it', async () => {
    const request = { headers: headersOf({ origin: ORIGIN }), cookies: new CookieStore(), auth }
    const body = { email: newEmail(), password: PASSWORD }
    await expect(next.callFromAction(request, 'POST', '/auth/register', body)).rejects.toThrow(`transport: 'cookie'`)
  })

  it('is told of a refusal all that an answer would have said', async () => {
    const { header } = await signUp()
    const headers = headersOf({ origin: ORIGIN, ...header })
    const endpoint = { headers, cookies: new CookieStore(), auth }
    expect(await next.callFromAction(endpoint, 'POST', '/auth/login', { email: newEmail() })).toMatchObject({
      ...{ ok: false, code: 'invalid_request', retryAfter: undefined },
      errors: [{ path: 'password', message: expect.any(String) }],
    })
    auth.clock.advance(11 * MINUTE)
    await expect(next.authorizeAction(headers, { auth, recentAuthentication: true })).rejects.toMatchObject({
      ...{ code: 'reauthentication_required', maxAge: 600, retryAfter: undefined },
    })
    auth.clock.advance(-11 * MINUTE)
    const known = { email: newEmail(), password: 'wrong', transport: 'cookie' }
    const attempt = () => next.callFromAction(endpoint, 'POST', '/auth/login', known)
    for (let times = 0; times < 5; times++) expect(await attempt()).toMatchObject({ code: 'invalid_credentials' })
    expect(await attempt()).toMatchObject({ status: 423, code: 'account_locked', retryAfter: 900 })
  })

  it('is refused to strangers, to who lacks a right, and to a form of another site', async () => {
    const { header } = await signUp()
    const ask = (fields: Record<string, string>, options = {}) =>
      next.authorizeAction(headersOf({ origin: ORIGIN, ...fields }), { auth, ...options })
    expect((await ask(header)).roles).toEqual(['viewer'])
    await expect(ask({})).rejects.toEqual(refusal('unauthenticated'))
    await expect(ask(header, { roles: ['admin'] })).rejects.toEqual(refusal('forbidden'))
    await expect(ask(header, { role: 'admin' })).rejects.toThrow('no option `role`')
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
      await expect(ask({ ...header, origin }), origin).rejects.toEqual(refusal('csrf_rejected'))
    }
    // Next.js would take this for its own host.
    const behind = { ...header, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
    await expect(ask(behind)).rejects.toEqual(refusal('csrf_rejected'))
    await expect(ask({ ...header, 'sec-fetch-site': 'cross-site' })).rejects.toEqual(refusal('csrf_rejected'))
  })
})

describe('The first door, proxy.ts', () => {
  const NextResponse = { next: () => new Response(null, { headers: { 'x-middleware-next': '1' } }) }
  const page = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Request(`${ORIGIN}${path}`, { method, headers: { host: HOST, accept: 'text/html', ...headers } })

  it('sends strangers to sign in, and leads back to the page they wanted', async () => {
    const proxy = next.guardPages(NextResponse, { auth, signIn: '/sign-in' })
    for (const headers of [{}, { cookie: 'session_id=sps_x' }, { accept: '*/*', rsc: '1' }]) {
      const answer = await proxy(page('/dashboard?tab=2', headers))
      expect(answer.status).toBe(307)
      expect(answer.headers.get('location')).toBe(`${ORIGIN}/sign-in?return_to=%2Fdashboard%3Ftab%3D2`)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    const aside = await proxy(page('//evil.example/x'))
    expect(aside.headers.get('location')).toBe(`${ORIGIN}/sign-in`)
  })

  it('answers programs, writes and who lacks a right as a route handler does', async () => {
    const proxy = next.guardPages(NextResponse, { auth, signIn: '/sign-in', roles: ['admin'] })
    const { header } = await signUp()
    expect((await proxy(page('/x', { accept: 'application/json' }))).status).toBe(401)
    expect((await proxy(page('/x', {}, 'POST'))).status).toBe(401)
    const lacking = await proxy(page('/x', header))
    expect([lacking.status, lacking.headers.get('content-type')]).toEqual([403, 'application/problem+json'])
    expect((await next.guardPages(NextResponse, { auth })(page('/x'))).status).toBe(401)
  })

  it('lets in who has a session, and renews the cookie near its end', async () => {
    const proxy = next.guardPages(NextResponse, { auth, signIn: '/sign-in' })
    const { header } = await signUp()
    const fresh = await proxy(page('/dashboard', header))
    expect([fresh.headers.get('x-middleware-next'), fresh.headers.getSetCookie()]).toEqual(['1', []])
    // A prerendered page is anybody's without it.
    expect(fresh.headers.get('cache-control')).toMatch(/^private, .*no-store/)
    auth.clock.advance(10 * MINUTE)
    const renewed = await proxy(page('/dashboard', header))
    expect(renewed.headers.get('x-middleware-next')).toBe('1')
    expect(renewed.headers.getSetCookie()).toEqual([expect.stringMatching(/^session_id=ey/)])
    expect(renewed.headers.get('cache-control')).toBe('no-store')
  })

  it('believes no header that Next.js itself would write', async () => {
    const proxy = next.guardPages(NextResponse, { auth, signIn: '/sign-in' })
    const { header } = await signUp()
    const forged = { 'x-middleware-subrequest': 'proxy', 'x-middleware-set-cookie': header['cookie'] ?? '' }
    expect((await proxy(page('/dashboard', forged))).status).toBe(307)
  })
})

describe('One instance for the process', () => {
  it('survives that its module is evaluated again, and tries again after a failure', async () => {
    const name = randomUUID()
    const opened: string[] = []
    const open =
      (label: string, fails = false) =>
      async (): Promise<Auth> => {
        opened.push(label)
        if (fails) throw new Error('no database yet')
        return auth
      }
    const first = next.sharedAuth(open('first', true), name)
    expect(opened).toEqual([])
    await expect(first()).rejects.toThrow('no database yet')
    const second = next.sharedAuth(open('second'), name)
    expect(await Promise.all([first(), second(), first()])).toEqual([auth, auth, auth])
    const reloaded = next.sharedAuth(open('reloaded'), name)
    expect(await reloaded()).toBe(auth)
    expect(opened).toEqual(['first', 'second'])
  })
})
