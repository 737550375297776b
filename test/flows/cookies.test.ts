import { expect, it } from 'vitest'
import { keptClone } from '../../src/client/kept-clone.js'
import { Browser, readCookies } from './browser.js'
import { DAY } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, cookieAnswerShape, meShape, newcomer, newEmail, PASSWORD } from './people.js'

const HTTPS = { server: { publicUrl: 'https://accounts.example' } }

describeEachAuth('Signing in from a browser, by cookies', (stage) => {
  it('sets the plain names on http, and leaves the tokens out of the body', async () => {
    const auth = await stage.open()
    const browser = new Browser(auth)

    const answer = await browser.send('POST', '/auth/register', {
      json: { email: newEmail(), password: PASSWORD, transport: 'cookie' },
    })

    expect(answer.status).toBe(201)
    const text = await keptClone(answer).text()
    expect(text).not.toMatch(/sp[sr]_/)
    cookieAnswerShape.parse(await answer.json())
    const attributes = ['httponly', `max-age=${30 * 86_400}`, 'samesite=lax', 'secure']
    expect(readCookies(answer)).toEqual([
      { name: 'session_id', value: expect.stringMatching(/^sps_/), path: '/', attributes },
      { name: 'refresh_token', value: expect.stringMatching(/^spr_/), path: '/auth/refresh', attributes },
      { name: 'refresh_token', value: expect.stringMatching(/^spr_/), path: '/api/auth/refresh', attributes },
    ])
  })

  it('sets the prefixed names where the public url is https, whatever the connection', async () => {
    const auth = await stage.open({ config: HTTPS })
    const { email } = await newcomer(auth)
    const browser = new Browser(auth, 'https://accounts.example')

    const json = { email, password: PASSWORD, transport: 'cookie' }
    const answer = await browser.send('POST', '/auth/login', { json })

    expect(answer.status).toBe(200)
    const attributes = ['httponly', `max-age=${30 * 86_400}`, 'samesite=lax', 'secure']
    expect(readCookies(answer).map((cookie) => ({ ...cookie, value: '' }))).toEqual([
      { name: '__Host-session_id', value: '', path: '/', attributes },
      { name: '__Secure-refresh_token', value: '', path: '/auth/refresh', attributes },
      { name: '__Secure-refresh_token', value: '', path: '/api/auth/refresh', attributes },
    ])
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=')
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
    // The plain name, which a page on http could plant, is not looked at.
    const plain = { cookie: `session_id=${browser.value('__Host-session_id')}` }
    expect(await codeOf(await auth.request('/auth/me', { headers: plain }))).toBe('unauthenticated')
  })

  it('is recognised by the cookie, and sends the refresh cookie nowhere else', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const browser = await signedIn(auth, person.email)

    expect(browser.cookieHeader('/auth/me')).not.toContain('refresh_token')
    const me = meShape.parse(await (await browser.send('GET', '/users/me')).json())
    expect(me).toMatchObject(person.user)
  })

  it.each(['/auth/refresh', '/api/auth/refresh'])('renews both cookies at %s without a body', async (path) => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = await signedIn(auth, email)
    const before = [browser.value('session_id'), browser.value('refresh_token')]
    auth.clock.advance(DAY)

    const answer = await browser.send('POST', path)

    expect(answer.status).toBe(200)
    expect(readCookies(answer)).toHaveLength(3)
    const body = cookieAnswerShape.parse(await answer.json())
    expect(body.expires_at).toBe('2026-01-03T00:00:00.000Z')
    expect(before).not.toContain(browser.value('session_id'))
    expect(before).not.toContain(browser.value('refresh_token'))
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
  })

  it('also renews by the cookie with a body that names no token', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = await signedIn(auth, email)
    const answer = await browser.send('POST', '/auth/refresh', { json: {} })
    expect(answer.status).toBe(200)
    cookieAnswerShape.parse(await answer.json())
  })

  it('keeps the cookies for the life of the refresh token', async () => {
    const auth = await stage.open({
      config: { auth: { session: { refreshTokenTtl: 10 * DAY, absoluteTtl: 12 * DAY } } },
    })
    const { email } = await newcomer(auth)
    const browser = await signedIn(auth, email)
    expect(maxAges(browser)).toEqual([10 * 86_400, 10 * 86_400, 10 * 86_400])
    auth.clock.advance(9 * DAY)
    await browser.send('POST', '/auth/refresh')
    // No longer than the session itself can last.
    expect(maxAges(browser)).toEqual([3 * 86_400, 3 * 86_400, 3 * 86_400])
  })

  it('is not remembered where the person does not want to be', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = await signedIn(auth, email, { remember: false })
    expect(maxAges(browser)).toEqual([null, null, null])
    auth.clock.advance(DAY - 1)
    await browser.send('POST', '/auth/refresh')
    expect(maxAges(browser)).toEqual([null, null, null])
    // The refresh token lives as long as an idle session, and no longer.
    auth.clock.advance(DAY)
    const late = await browser.send('POST', '/auth/refresh')
    expect(await codeOf(late)).toBe('token_expired')
    expect(late.headers.getSetCookie()).toEqual([])
  })

  it.each([{}, { remember: true }])('is remembered with %j', async (fields) => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = await signedIn(auth, email, fields)
    auth.clock.advance(29 * DAY)
    expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
  })

  it('clears every cookie at logout with the attributes it was set with', async () => {
    for (const config of [{}, HTTPS]) {
      const auth = await stage.open({ config })
      const { email } = await newcomer(auth)
      const browser = await signedIn(auth, email, {}, config === HTTPS ? 'https://accounts.example' : undefined)
      const set = [...browser.cookies.values()]

      const answer = await browser.send('POST', '/api/auth/logout')

      expect(answer.status).toBe(204)
      const cleared = set.map(({ name, path, attributes }) => ({
        name,
        path,
        value: '',
        attributes: attributes.map((attribute) => attribute.replace(/^max-age=.*/, 'max-age=0')),
      }))
      expect(readCookies(answer)).toEqual(cleared)
      expect(browser.cookies.size).toBe(0)
    }
  })
})

async function signedIn(
  auth: ConstructorParameters<typeof Browser>[0],
  email: string,
  fields: Record<string, unknown> = {},
  origin?: string,
): Promise<Browser> {
  const browser = new Browser(auth, origin)
  const json = { email, password: PASSWORD, transport: 'cookie', ...fields }
  const answer = await browser.send('POST', '/auth/login', { json })
  expect(answer.status).toBe(200)
  return browser
}

/** Seconds that each cookie is kept; null for one that ends with the browser. */
function maxAges(browser: Browser): (number | null)[] {
  return [...browser.cookies.values()].map(({ attributes }) => {
    const age = attributes.find((attribute) => attribute.startsWith('max-age='))
    return age === undefined ? null : Number(age.slice('max-age='.length))
  })
}
