import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { Browser, readCookies } from '../flows/browser.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, meShape, newEmail, PASSWORD } from '../flows/people.js'

const SITE = 'https://accounts.example'
const ACCESS = '__Host-session_id'
const REFRESH = '__Secure-refresh_token'
const FROM_SITE = { origin: SITE, 'sec-fetch-site': 'same-origin' }

/** What a browser sends is made of a text here, since a neighbour on a sub-domain decides about a part of it. */
const send = (auth: TestAuth, method: string, path: string, cookie: string, headers: Record<string, string> = {}) =>
  auth.request(path, { method, headers: { ...FROM_SITE, ...headers, cookie } })

// ASVS 3.3.1, 7.2.4
describeEachAuth('A neighbour who plants cookies in a browser', (stage) => {
  const modes = ['stateful', 'stateless'] as const

  it.each(modes)('cannot sign it in as himself by his refresh cookie, in %s mode', async (mode) => {
    const auth = await open(mode)
    const [attacker, victim] = [await person(auth), await person(auth)]
    const planted = `${REFRESH}=${attacker.value(REFRESH)}`
    for (const beside of [
      '',
      `${ACCESS}=`,
      `${ACCESS}=${victim.value(ACCESS)}`,
      `session_id=${attacker.value(ACCESS)}`,
    ]) {
      const answer = await send(auth, 'POST', '/auth/refresh', [planted, beside].filter(Boolean).join('; '))
      expect([beside, answer.status, await codeOf(answer)]).toEqual([beside, 401, 'invalid_token'])
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    // The legal twins: both browsers' own pairs still work, the attacker's was not even spent.
    for (const browser of [victim, attacker]) {
      const before = await whoIs(browser)
      expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
      expect(await whoIs(browser)).toBe(before)
    }
  })

  it.each(modes)('cannot spend or end the session of the victim with a second cookie, in %s mode', async (mode) => {
    const auth = await open(mode)
    const [attacker, victim] = [await person(auth), await person(auth)]
    const [own, foreign] = [`${REFRESH}=${victim.value(REFRESH)}`, `${REFRESH}=${attacker.value(REFRESH)}`]
    const session = `${ACCESS}=${victim.value(ACCESS)}`
    for (const cookies of [
      [foreign, own, session],
      [own, foreign, session],
    ]) {
      const answer = await send(auth, 'POST', '/auth/refresh', cookies.join('; '))
      expect(answer.status).toBe(401)
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    expect((await victim.send('POST', '/auth/refresh')).status).toBe(200)
  })

  it.each(modes)(
    'is not told from the owner by a second session cookie, which is refused, in %s mode',
    async (mode) => {
      const auth = await open(mode)
      const [attacker, victim] = [await person(auth), await person(auth)]
      const [own, foreign] = [victim.value(ACCESS), attacker.value(ACCESS)]
      for (const cookie of [`${ACCESS}=${own}; ${ACCESS}=${foreign}`, `${ACCESS}=${foreign}; ${ACCESS}=${own}`]) {
        expect(await codeOf(await send(auth, 'GET', '/auth/me', cookie))).toBe('invalid_token')
      }
      // Another name is another cookie, however alike it looks.
      for (const name of [
        'session_id',
        '__host-session_id',
        '__HOST-session_id',
        '__Secure-session_id',
        `${ACCESS} x`,
      ]) {
        const cookie = `${name}=${foreign}; ${ACCESS}=${own}`
        const me = await send(auth, 'GET', '/auth/me', cookie)
        expect([name, meShape.parse(await me.json()).id]).toEqual([name, await whoIs(victim)])
        const alone = await send(auth, 'GET', '/auth/me', `${name}=${foreign}`)
        expect([name, await codeOf(alone)]).toEqual([name, 'unauthenticated'])
      }
    },
  )

  it('cannot pass off his CSRF token with his cookies', async () => {
    const auth = await open('stateful')
    const [attacker, victim] = [await person(auth), await person(auth)]
    const foreign = await attacker.csrf()
    const headers = { ...foreign, 'content-type': 'application/json' }
    const answer = await auth.request('/auth/me', {
      method: 'PATCH',
      headers: {
        ...FROM_SITE,
        ...headers,
        cookie: `${ACCESS}=${victim.value(ACCESS)}; csrf=${foreign['x-csrf-token']}`,
      },
      body: JSON.stringify({ username: 'Mallory' }),
    })
    expect(await codeOf(answer)).toBe('csrf_rejected')
    const legal = await victim.send('PATCH', '/auth/me', { json: { username: 'Anna' }, headers: await victim.csrf() })
    expect(await legal.json()).toMatchObject({ username: 'Anna' })
  })

  it('can fill the jar, and nothing gives way', async () => {
    const auth = await open('stateful')
    const victim = await person(auth)
    const own = `${ACCESS}=${victim.value(ACCESS)}`
    const flood = (count: number) => Array.from({ length: count }, (_, at) => `c${at}=x`).join('; ')
    for (const cookie of [`${flood(180)}; ${own}`, `${own}; ${flood(180)}`, `${own}; big=${'x'.repeat(17_000)}`]) {
      const answer = await send(auth, 'GET', '/auth/me', cookie)
      expect([answer.status, await codeOf(answer)]).toEqual([401, 'invalid_token'])
    }
    // He can still sign in, which clears nothing that is not ours.
    const json = JSON.stringify({ email: newEmail(), password: PASSWORD, transport: 'cookie' })
    const answer = await auth.request('/auth/register', {
      method: 'POST',
      headers: { ...FROM_SITE, 'content-type': 'application/json', cookie: flood(180) },
      body: json,
    })
    expect([answer.status, readCookies(answer).length]).toEqual([201, 3])
    expect((await send(auth, 'GET', '/auth/me', `${flood(60)}; ${own}`)).status).toBe(200)
  })

  it('leaves alone a client that is no browser and sends its refresh cookie by itself', async () => {
    const auth = await open('stateful')
    const owner = await person(auth)
    const cookie = `${REFRESH}=${owner.value(REFRESH)}`
    expect((await auth.request('/auth/refresh', { method: 'POST', headers: { cookie } })).status).toBe(200)
  })

  const open = (mode: 'stateful' | 'stateless') =>
    stage.open({ config: { server: { publicUrl: SITE }, auth: { mode } } })
})

describeEachAuth('A sign-in', (stage) => {
  it('is never the session that the browser came with, nor does it let that one go on as the new user', async () => {
    const auth = await stage.open({ config: { server: { publicUrl: SITE } } })
    const email = newEmail()
    const browser = new Browser(auth, SITE)
    const register = { email, password: PASSWORD, transport: 'cookie' }
    expect((await browser.send('POST', '/auth/register', { json: register })).status).toBe(201)
    const fixed = browser.value(ACCESS)
    const first = await sessionOf(browser)

    // The attacker's cookie in the victim's browser while the victim signs in.
    const victim = await person(auth, fixed)
    expect(await sessionOf(victim)).not.toBe(first)
    expect(victim.value(ACCESS)).not.toBe(fixed)
    const me = meShape.parse(await (await send(auth, 'GET', '/auth/me', `${ACCESS}=${fixed}`)).json())
    expect(me.email).toBe(email)

    // Twice by the same person: two sessions with tokens of their own.
    const again = { email, password: PASSWORD, transport: 'cookie' }
    expect((await browser.send('POST', '/auth/login', { json: again })).status).toBe(200)
    expect(await sessionOf(browser)).not.toBe(first)
  })
})

/** Somebody new at their browser, which may come with a session cookie already. */
async function person(auth: TestAuth, planted?: string): Promise<Browser> {
  const browser = new Browser(auth, SITE)
  if (planted !== undefined)
    browser.cookies.set(`${ACCESS};/`, { name: ACCESS, value: planted, path: '/', attributes: [] })
  const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
  expect((await browser.send('POST', '/auth/register', { json })).status).toBe(201)
  return browser
}

async function whoIs(browser: Browser): Promise<string> {
  return meShape.parse(await (await browser.send('GET', '/auth/me')).json()).id
}

async function sessionOf(browser: Browser): Promise<string> {
  return meShape.parse(await (await browser.send('GET', '/auth/me')).json()).session_id
}
