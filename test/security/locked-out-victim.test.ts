import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { Browser } from '../flows/browser.js'
import { DAY, MINUTE } from '../flows/durations.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, type Person, post } from '../flows/people.js'

const COOKIE = 'known_device'

// ASVS 6.1.1
describeEachAuth('A stranger who locks an account by wrong passwords', (stage) => {
  it('does not keep its owner out of a browser that signed in before, though both share an address', async () => {
    const auth = await stage.open()
    const owner = await newcomer(auth)
    const browser = await knownBrowser(auth, owner)
    expect((await browser.send('POST', '/auth/logout')).status).toBe(204)
    await lock(auth, owner.email)
    expect(await codeOf(await post(auth, '/auth/login', owner))).toBe('account_locked')
    // The session's cookies are gone: this one alone says who it is.
    expect([browser.cookies.size, browser.device?.name]).toEqual([0, COOKIE])
    expect((await signIn(browser, owner)).status).toBe(200)
    // Signing in there is no favour to the stranger.
    expect(await codeOf(await post(auth, '/auth/login', owner))).toBe('account_locked')
  })

  it('gets by a stolen cookie no more than a few guesses of its own', async () => {
    const auth = await stage.open()
    const owner = await newcomer(auth)
    const browser = await knownBrowser(auth, owner)
    const stolen = new Browser(auth)
    stolen.device = browser.device
    for (let guess = 0; guess < 5; guess++) expect((await signIn(stolen, owner, 'wrong password')).status).toBe(401)
    expect(await codeOf(await signIn(stolen, owner))).toBe('account_locked')
    // Without a cookie, and from another known browser, the owner signs in as ever.
    const other = new Browser(auth)
    expect((await signIn(other, owner)).status).toBe(200)
    await lock(auth, owner.email)
    expect((await signIn(other, owner)).status).toBe(200)
    expect(await codeOf(await signIn(browser, owner))).toBe('account_locked')
    expect((await auth.api.lockouts.list({ email: owner.email })).items.map(({ kind }) => kind).toSorted()).toEqual([
      'device',
      'identifier',
      'pair',
    ])
  })

  it.each([
    ['of another account', (own: string) => own],
    ['with another MAC', (_own: string, value: string) => value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['with another id', (_own: string, value: string) => value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))],
    ['with a later version', (_own: string, value: string) => value.replace(/\.(\d+)\./, '.9$1.')],
    ['of nonsense', () => 'x'.repeat(3000)],
    ['of nothing', () => ''],
  ])('is known by no cookie %s', async (_, forge) => {
    const auth = await stage.open()
    const [owner, stranger] = [await newcomer(auth), await newcomer(auth)]
    const value = (await knownBrowser(auth, owner)).device?.value ?? ''
    const own = (await knownBrowser(auth, stranger)).device?.value ?? ''
    await lock(auth, owner.email)
    const headers = (cookie: string) => ({ cookie: `${COOKIE}=${cookie}` })
    const login = { email: owner.email, password: PASSWORD }
    expect(await codeOf(await post(auth, '/auth/login', login, headers(forge(own, value))))).toBe('account_locked')
    expect((await post(auth, '/auth/login', login, headers(value))).status).toBe(200)
    // One that a neighbour planted beside it does not hide it.
    const planted = { cookie: `${COOKIE}=${own}; ${COOKIE}=nonsense; ${COOKIE}=${value}` }
    expect((await post(auth, '/auth/login', login, planted)).status).toBe(200)
  })

  it('who once had the account, and collected cookies, shares what is left of them with all who did', async () => {
    const auth = await stage.open()
    const owner = await newcomer(auth)
    const collected = [
      await knownBrowser(auth, owner),
      await knownBrowser(auth, owner),
      await knownBrowser(auth, owner),
    ]
    // Whatever changes the credentials raises their version.
    await auth.api.users.disable(owner.user_id)
    await auth.api.users.enable(owner.user_id)
    const statuses = []
    for (let guess = 0; guess < 7; guess++) {
      const browser = collected[guess % 3]
      if (browser) statuses.push((await signIn(browser, owner, 'wrong password')).status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 423, 423])
    // Not the owner's new ones, and not those who have no cookie.
    const fresh = await knownBrowser(auth, owner)
    await lock(auth, owner.email)
    expect((await signIn(fresh, owner)).status).toBe(200)
  })

  it('does not keep out a browser from before the credentials changed either', async () => {
    const auth = await stage.open()
    const owner = await newcomer(auth)
    const browser = await knownBrowser(auth, owner)
    await auth.api.users.disable(owner.user_id)
    await auth.api.users.enable(owner.user_id)
    await lock(auth, owner.email)
    expect((await signIn(browser, owner)).status).toBe(200)
  })
})

describeEachAuth('The cookie of a known browser', (stage) => {
  it('is set at every sign-in by cookie, for half a year, and never in a bearer answer', async () => {
    const auth = await stage.open()
    const browser = new Browser(auth)
    const owner = { email: newEmail(), password: PASSWORD }
    await browser.send('POST', '/auth/register', { json: { ...owner, transport: 'cookie' } })
    const cookie = browser.device
    expect(cookie?.name).toBe(COOKIE)
    expect(cookie?.path).toBe('/')
    expect(cookie?.attributes).toEqual(['httponly', `max-age=${(180 * DAY) / 1000}`, 'samesite=lax', 'secure'])
    expect(cookie?.value).not.toContain(owner.email)
    const answer = await post(auth, '/auth/login', owner)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(JSON.stringify(await answer.json())).not.toContain(COOKIE)
  })

  it('is `__Host-` on https, ends with the browser where nobody wants to be remembered, and outlives a logout', async () => {
    const auth = await stage.open({ config: { server: { publicUrl: 'https://accounts.example.com' } } })
    const browser = new Browser(auth, 'https://accounts.example.com')
    const { email, password } = await newcomer(auth)
    await browser.send('POST', '/auth/login', { json: { email, password, transport: 'cookie', remember: false } })
    const known = browser.device
    expect(known?.name).toBe(`__Host-${COOKIE}`)
    expect(known?.attributes).toEqual(['httponly', 'samesite=lax', 'secure'])
    await browser.send('POST', '/auth/logout')
    expect(browser.device).toBe(known)
  })

  it('keeps the last five accounts of a browser known', async () => {
    const auth = await stage.open()
    const browser = new Browser(auth)
    const people: Person[] = []
    for (let each = 0; each < 6; each++) people.push(await newcomer(auth))
    for (const person of people) await signIn(browser, person)
    expect(browser.device?.value?.split('~')).toHaveLength(5)
    const [first, second] = people
    const before = browser.device?.value
    for (const person of [first, second]) {
      if (person === undefined) throw new Error('nobody')
      await lock(auth, person.email)
      const answer = await signIn(browser, person)
      expect(answer.status).toBe(person === first ? 423 : 200)
    }
    // The device stays the same one to an account that it is known to.
    expect(browser.device?.value?.split('~').toSorted()).toEqual(before?.split('~').toSorted())
    auth.clock.advance(15 * MINUTE)
  })
})

async function knownBrowser(auth: TestAuth, person: Person): Promise<Browser> {
  const browser = new Browser(auth)
  expect((await signIn(browser, person)).status).toBe(200)
  return browser
}

function signIn(browser: Browser, { email, password }: Person, typed = password): Promise<Response> {
  return browser.send('POST', '/auth/login', { json: { email, password: typed, transport: 'cookie' } })
}

async function lock(auth: TestAuth, email: string): Promise<void> {
  let status = 0
  for (let guess = 0; guess < 6 && status !== 423; guess++) {
    status = (await post(auth, '/auth/login', { email, password: 'wrong password' })).status
  }
  expect(status).toBe(423)
}
