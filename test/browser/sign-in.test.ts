import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startChromium } from './chromium.js'
import { type HostApplication, startHostApplication } from './host-application.js'

const account = { email: 'user@example.com', password: 'secure-password' }

/** A client with tokens as many write it: each call by `fetch`, the tokens in local storage. */
const CLIENT_WITH_TOKENS = `(async () => {
  const loginResponse = await fetch('/api/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      email: 'user@example.com',
      password: 'secure-password'
    })
  });

  const { access_token, refresh_token, user } = await loginResponse.json();

  localStorage.setItem('access_token', access_token);
  localStorage.setItem('refresh_token', refresh_token);

  const apiResponse = await fetch('/api/protected-endpoint', {
    headers: {
      'Authorization': \`Bearer \${access_token}\`
    }
  });

  const refreshResponse = await fetch('/api/auth/refresh', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      refresh_token: refresh_token
    })
  });

  return {
    user,
    access_token,
    refresh_token,
    api: await apiResponse.json(),
    refreshed: await refreshResponse.json(),
    stored: localStorage.getItem('access_token'),
    cookie: document.cookie
  };
})()`

/** Runs in the page: one call, with its cookies, and what a script can see of the answer. */
const CALL = `async ([method, path, body, headers]) => {
  const answer = await fetch(path, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body)
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text), cookie: document.cookie }
}`

// ASVS 3.3.4, 3.5.1, 3.5.2
describe('a page of the same origin in Chromium', () => {
  let browser: Browser
  let host: HostApplication
  let page: Page

  beforeAll(async () => {
    browser = await startChromium()
  }, 180_000)
  afterAll(() => browser?.close())
  beforeEach(async () => {
    host = await startHostApplication()
    await host.auth.api.register(account)
    page = await (await browser.newContext()).newPage()
    await page.goto(host.origin)
  })
  afterEach(async () => {
    await page.context().close()
    await host.close()
  })

  const call = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    page.evaluate(`(${CALL})(${JSON.stringify([method, path, body ?? null, headers ?? {}])})`)
  const signInByCookie = () => call('POST', '/api/auth/login', { ...account, transport: 'cookie' })
  const cookies = () => page.context().cookies([host.origin, `${host.origin}/auth/refresh`])

  it('signs in, calls an endpoint of its own and refreshes, with tokens in a script', async () => {
    const result: unknown = await page.evaluate(CLIENT_WITH_TOKENS)
    expect(result).toMatchObject({
      user: { email: account.email, roles: ['viewer'] },
      access_token: expect.stringMatching(/^sps_/),
      refresh_token: expect.stringMatching(/^spr_/),
      api: { message: `Hello ${account.email}` },
      refreshed: { access_token: expect.stringMatching(/^sps_/), refresh_token: expect.stringMatching(/^spr_/) },
      stored: expect.stringMatching(/^sps_/),
      cookie: '',
    })
  })

  it('signs in by cookie, and no script sees a token', async () => {
    const signedIn = await signInByCookie()
    expect(signedIn).toMatchObject({ status: 200, body: { user: { email: account.email } }, cookie: '' })
    expect(JSON.stringify(signedIn)).not.toMatch(/sp[sr]_/)
    const kept = await cookies()
    expect(kept.map(({ name }) => name).sort()).toEqual(['known_device', 'refresh_token', 'session_id'])
    for (const cookie of kept) expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax' })
    expect(await call('GET', '/api/protected-endpoint')).toMatchObject({ status: 200 })
  })

  it('writes by cookie only with the CSRF token', async () => {
    await signInByCookie()
    const rename = (headers: Record<string, string>) =>
      call('PATCH', '/api/auth/me', { username: 'Ada Lovelace' }, headers)
    expect(await rename({})).toMatchObject({ status: 403, body: { code: 'csrf_rejected' } })
    expect(await call('GET', '/api/auth/me')).not.toMatchObject({ body: { username: 'Ada Lovelace' } })
    const csrfToken = await page.evaluate(`fetch('/api/auth/csrf').then(a => a.json()).then(b => b.csrf_token)`)
    expect(await rename({ 'x-csrf-token': String(csrfToken) })).toMatchObject({ status: 200 })
    expect(await call('GET', '/api/auth/me')).toMatchObject({ body: { username: 'Ada Lovelace' } })
  })

  it('refreshes by cookie alone, and signs out without leaving a credential', async () => {
    await signInByCookie()
    const before = await cookies()
    expect(await call('POST', '/api/auth/refresh')).toMatchObject({ status: 200, body: { user: {} } })
    const after = await cookies()
    expect(after.map(({ name }) => name).sort()).toEqual(before.map(({ name }) => name).sort())
    expect(after.find(({ name }) => name === 'session_id')?.value).not.toBe(
      before.find(({ name }) => name === 'session_id')?.value,
    )
    expect(await call('POST', '/api/auth/logout')).toMatchObject({ status: 204 })
    // By which the browser is known again, so that nobody's wrong guesses lock its owner out.
    expect((await cookies()).map(({ name }) => name)).toEqual(['known_device'])
    expect(await call('GET', '/api/auth/me')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  it('shows the API page without asking any other host', async () => {
    const asked = new Set<string>()
    const complaints: string[] = []
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${host.origin}/docs`)
    await page.getByText('/auth/login').first().waitFor()
    expect([...asked].filter((origin) => origin !== 'null')).toEqual([host.origin])
    expect(complaints).toEqual([])
  })

  it('is not believed by another origin: a foreign page can neither sign in nor read', async () => {
    await signInByCookie()
    const foreign = await page.context().newPage()
    await foreign.goto(host.origin.replace('127.0.0.1', 'localhost'))
    const attempt = (path: string, init: object) =>
      foreign.evaluate(
        `fetch(${JSON.stringify(host.origin + path)}, ${JSON.stringify(init)}).then(a => a.text(), e => 'refused: ' + e.name)`,
      )
    expect(await attempt('/api/auth/me', { credentials: 'include' })).toBe('refused: TypeError')
    expect(await attempt('/api/auth/logout', { method: 'POST', credentials: 'include' })).toBe('refused: TypeError')
    expect(await call('GET', '/api/auth/me')).toMatchObject({ status: 200 })
    await foreign.close()
  })
})
