import { expect, it } from 'vitest'
import { TEST_ORIGIN, type TestAuth } from '../../src/testing/index.js'
import { Browser } from '../flows/browser.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { bearer, codeOf, newcomer, newEmail, PASSWORD, post, standingOf } from '../flows/people.js'

/** What a page elsewhere would have to claim, and cannot. */
const FOREIGN = [
  'https://evil.example',
  'null',
  '',
  'http://localhost:3000.evil.example',
  'http://evil-localhost:3000',
  'http://localhost:3001',
  'http://localhost',
  'http://user@localhost:3000',
  'http://localhost:3000/',
  'http://localhost:3000/path',
  'HTTP://LOCALHOST:3000',
  'http://localhost:3000 http://evil.example',
  'file://',
  'chrome-extension://abcdef',
]

/** The endpoints that a page elsewhere must not be able to call, whoever is signed in. */
const DOORS = {
  register: (auth, _visitor, headers) =>
    post(auth, '/auth/register', { email: newEmail(), password: PASSWORD }, headers),
  login: (auth, { email }, headers) => post(auth, '/auth/login', { email, password: PASSWORD }, headers),
  refresh: (auth, { browser }, headers) => withCookies(auth, browser, '/auth/refresh', headers),
  async logout(auth, { browser }, headers) {
    const answer = await withCookies(auth, browser, '/auth/logout', headers)
    const standing = await standingOf(auth, browser.value('session_id') ?? '')
    expect(standing).toBe(answer.status === 204 ? 'session_revoked' : '200')
    return answer
  },
} satisfies Record<string, (auth: TestAuth, visitor: Visitor, headers: Record<string, string>) => Promise<Response>>

interface Visitor {
  readonly email: string
  readonly browser: Browser
}

// ASVS 3.5.1, 3.5.8, 7.6.2
describeEachAuth('A page of another site', (stage) => {
  it.each(['register', 'login', 'refresh', 'logout'] as const)('cannot %s in the name of a visitor', async (door) => {
    const auth = await stage.open()
    const visitor = await newVisitor(auth)
    for (const origin of FOREIGN) {
      const answer = await DOORS[door](auth, visitor, { origin })
      expect([origin, answer.status]).toEqual([origin, 403])
      expect(await codeOf(answer)).toBe('csrf_rejected')
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
    for (const site of ['cross-site', 'same-site', 'Same-Origin', '', 'x']) {
      const answer = await DOORS[door](auth, visitor, { 'sec-fetch-site': site })
      expect([site, answer.status]).toEqual([site, 403])
      // A proxy in front may have rewritten Origin; the browser's mark stands.
      const rewritten = { 'sec-fetch-site': site, origin: TEST_ORIGIN }
      expect((await DOORS[door](auth, visitor, rewritten)).status).toBe(403)
    }
    for (const own of [
      {},
      { origin: TEST_ORIGIN },
      { origin: TEST_ORIGIN, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ]) {
      expect((await DOORS[door](auth, await newVisitor(auth), own)).status).toBeLessThan(300)
    }
  })

  it('cannot claim the host of the request where a public url is configured', async () => {
    const auth = await stage.open({ config: { server: { publicUrl: 'https://accounts.example' } } })
    const json = { email: newEmail(), password: PASSWORD }
    expect(await codeOf(await post(auth, '/auth/register', json, { origin: TEST_ORIGIN }))).toBe('csrf_rejected')
    for (const origin of ['http://accounts.example', 'https://accounts.example:8443', 'https://www.accounts.example']) {
      expect(await codeOf(await post(auth, '/auth/register', json, { origin }))).toBe('csrf_rejected')
    }
    const own = await post(auth, '/auth/register', json, { origin: 'https://accounts.example' })
    expect(own.status).toBe(201)
  })

  it('may call and read where it is listed, and no neighbour of it may', async () => {
    const app = 'https://app.example'
    const auth = await stage.open({ config: { server: { cors: { origins: [app] } } } })
    const headers = { origin: app, 'sec-fetch-site': 'cross-site' }
    const answer = await post(auth, '/auth/register', { email: newEmail(), password: PASSWORD }, headers)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('access-control-allow-origin')).toBe(app)
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
    expect(answer.headers.get('vary')).toContain('Origin')

    for (const origin of [
      'http://app.example',
      'https://app.example.evil.example',
      'https://sub.app.example',
      'null',
    ]) {
      const refused = await post(auth, '/auth/register', { email: newEmail(), password: PASSWORD }, { origin })
      expect([origin, refused.status]).toEqual([origin, 403])
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
      const preflight = await auth.request('/auth/login', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('cannot post a form', async () => {
    const auth = await stage.open()
    const browser = await signedIn(auth)
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']) {
      for (const path of ['/auth/register', '/auth/login', '/auth/refresh', '/auth/logout']) {
        const body = JSON.stringify({ email: newEmail(), password: PASSWORD })
        const headers = { 'content-type': type, cookie: browser.cookieHeader(path) }
        const answer = await auth.request(path, { method: 'POST', headers, body })
        expect([type, path, answer.status]).toEqual([type, path, 415])
      }
    }
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
  })
})

describeEachAuth('A write that a cookie authenticates', (stage) => {
  const WRITES = [
    ['PATCH', '/auth/me', { username: 'Mallory' }],
    ['DELETE', '/auth/sessions?except=current', undefined],
    ['DELETE', '/auth/sessions/019b0000-0000-7000-8000-000000000001', undefined],
  ] as const

  it.each(WRITES)('%s %s needs the CSRF token of its own session', async (method, path, json) => {
    const auth = await stage.open()
    const browser = await signedIn(auth)
    const own = await browser.csrf()
    const token = own['x-csrf-token'] ?? ''
    const stranger = (await (await signedIn(auth)).csrf())['x-csrf-token'] ?? ''
    const over = await signedIn(auth)
    const late = (await over.csrf())['x-csrf-token'] ?? ''
    await over.send('POST', '/auth/logout')

    const wrong = [
      stranger,
      late,
      '',
      'x',
      token.slice(0, -1),
      `${token}A`,
      token.toUpperCase(),
      `0${token}`,
      `9.${token.slice(2)}`,
      browser.value('session_id') ?? '',
    ]
    for (const value of wrong) {
      const answer = await browser.send(method, path, { json, headers: { 'x-csrf-token': value } })
      expect([value, answer.status]).toEqual([value, 403])
      expect(await codeOf(answer)).toBe('csrf_rejected')
    }
    expect(await codeOf(await browser.send(method, path, { json }))).toBe('csrf_rejected')
    // Not in the query or the body either.
    const query = `${path}${path.includes('?') ? '&' : '?'}csrf_token=${token}`
    expect(await codeOf(await browser.send(method, query, { json }))).toBe('csrf_rejected')
    // The right token from the wrong place.
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await browser.send(method, path, { json, headers: { ...own, ...headers } })
      expect(await codeOf(answer)).toBe('csrf_rejected')
    }
    expect(await codeOf(await over.send(method, path, { json, headers: { 'x-csrf-token': late } }))).toBe(
      'unauthenticated',
    )

    const legal = await browser.send(method, path, { json, headers: own })
    expect(legal.status).toBe(path.endsWith('0001') ? 404 : 200)
  })

  it('keeps its token over a refresh, and gets the same under both base paths', async () => {
    const auth = await stage.open()
    const browser = await signedIn(auth)
    const own = await browser.csrf()
    await browser.send('POST', '/auth/refresh')
    expect(await browser.csrf()).toEqual(own)
    const answer = await browser.send('PATCH', '/api/auth/me', { json: { username: 'Anna' }, headers: own })
    expect(answer.status).toBe(200)
  })

  it('needs none by bearer token, even with cookies beside it', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const browser = await signedIn(auth)
    const answer = await browser.send('PATCH', '/auth/me', {
      json: { username: 'By header' },
      headers: { ...bearer(person.access_token), 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    })
    expect(await answer.json()).toMatchObject({ id: person.user_id, username: 'By header' })
  })
})

async function newVisitor(auth: TestAuth): Promise<Visitor> {
  const email = newEmail()
  const browser = new Browser(auth)
  const json = { email, password: PASSWORD, transport: 'cookie' }
  expect((await browser.send('POST', '/auth/register', { json })).status).toBe(201)
  return { email, browser }
}

async function signedIn(auth: TestAuth): Promise<Browser> {
  return (await newVisitor(auth)).browser
}

/** The cookies that the visitor's browser would send, and no header of its own. */
function withCookies(auth: TestAuth, browser: Browser, path: string, headers: Record<string, string>) {
  return auth.request(path, { method: 'POST', headers: { cookie: browser.cookieHeader(path), ...headers } })
}
