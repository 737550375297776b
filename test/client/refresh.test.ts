import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CredentialStorage, StoredSession } from '../../src/client/storage-types.js'
import { surroundings } from '../../src/client/surroundings.js'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { Device, endSessions, type Network, type TabOptions } from './device.js'

const MINUTE = 60_000
const YEAR = 365 * 24 * 60 * MINUTE
const REFRESH = 'POST /auth/refresh'
const account = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
  await auth.api.register(account)
})
afterAll(() => auth.close())

/** Signed in, and nothing asked for by itself. */
async function signedIn(options: TabOptions = {}) {
  const device = new Device(auth)
  const tab = device.tab({ autoRefresh: false, ...options })
  await tab.client.login(account)
  return { device, ...tab }
}

/** Does it to refreshes, the first few of them. */
function toRefreshes(act: Network, times = Number.POSITIVE_INFINITY): Network {
  let left = times
  return (sent, send) => (sent.path === '/auth/refresh' && left-- > 0 ? act(sent, send) : send())
}

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json(
    { code, detail: 'No.' },
    { status, headers: { 'content-type': 'application/problem+json', ...headers } },
  )

describe.each(['memory', 'localStorage', 'cookie'] as const)('with %s', (kind) => {
  it('fifty calls at the end of a token are one exchange', async () => {
    const { device, client } = await signedIn({ kind })
    await device.pass(16 * MINUTE)
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.call('me')))
    expect(new Set(answers.map(({ email }) => email))).toEqual(new Set([account.email]))
    expect(device.count(REFRESH)).toBe(1)
  })

  it('a lost answer is asked for again within the grace, and nobody is signed out', async () => {
    const { device, client } = await signedIn({ kind })
    await device.pass(16 * MINUTE)
    device.network = toRefreshes(async (_sent, send) => {
      await send()
      throw new TypeError('socket hang up')
    }, 1)
    const call = client.call('me')
    await device.pass(1000)
    expect((await call).email).toBe(account.email)
    expect(device.count(REFRESH)).toBe(2)
    await client.refresh()
  })

  it('an answer that never comes is given up while the grace lasts', async () => {
    const { device, client } = await signedIn({ kind })
    await device.pass(16 * MINUTE)
    device.network = toRefreshes(async (_sent, send) => {
      await send()
      return device.never()
    }, 1)
    const call = client.call('me')
    await device.pass(5000)
    expect((await call).email).toBe(account.email)
  })

  it('a server that is down signs nobody out, and is asked again when it is up', async () => {
    const { device, client, events } = await signedIn({ kind })
    await device.pass(16 * MINUTE)
    device.network = () => Promise.reject(new TypeError('fetch failed'))
    const call = client.call('me').catch((error) => error.code)
    await device.pass(MINUTE)
    expect(await call).toBe('network')
    expect(client.session.current().status).toBe('signed-in')
    device.network = (_sent, send) => send()
    expect((await client.call('me')).email).toBe(account.email)
    expect(events.filter(({ type }) => type === 'signed-out')).toEqual([])
  })

  it.each([
    ['internal', 500],
    ['unavailable', 503],
    ['forbidden', 403],
    ['reauthentication_required', 401],
    ['a page of a proxy', 502],
  ])('%s ends nothing', async (code, status) => {
    const { device, client } = await signedIn({ kind })
    device.network = toRefreshes(async () => problem(status, code))
    const refreshed = client.refresh().catch((error) => error.status)
    await device.pass(30_000)
    expect(await refreshed).toBe(status)
    expect(client.session.current().status).toBe('signed-in')
    device.network = (_sent, send) => send()
    await client.refresh()
  })

  it('the server that is busy is left alone for as long as it says', async () => {
    const { device, client } = await signedIn({ kind })
    await device.pass(16 * MINUTE)
    device.network = toRefreshes(async () => problem(429, 'rate_limited', { 'retry-after': '30' }))
    for (let i = 0; i < 5; i++)
      await expect(client.call('me')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 30 })
    expect(device.count(REFRESH)).toBe(1)
    await device.pass(31_000)
    device.network = (_sent, send) => send()
    expect((await client.call('me')).email).toBe(account.email)
  })

  it('a session that was ended is over: told once, and forgotten', async () => {
    const { device, client, events } = await signedIn({ kind })
    await endSessions(auth, account)
    const codes = await Promise.all(Array.from({ length: 10 }, () => client.call('me').catch((error) => error.code)))
    expect(new Set(codes)).toEqual(new Set(['session_revoked']))
    expect(events.filter(({ type }) => type === 'signed-out')).toEqual([
      { type: 'signed-out', reason: 'session_revoked' },
    ])
    expect([...device.stored.values()]).toEqual([])
  })

  it('a refresh token that somebody else has used ends the session, told once', async () => {
    const { device, client, events } = await signedIn({ kind })
    device.network = toRefreshes(async (_sent, send) => {
      const { cookies } = device.browser
      const before = [...cookies]
      await send()
      auth.clock.advance(20_000)
      for (const [key, cookie] of before) cookies.set(key, cookie)
      return send()
    })
    const results = await Promise.allSettled([client.refresh(), client.refresh(), client.call('me')])
    expect(results[0]).toMatchObject({ status: 'rejected', reason: { code: 'token_reused' } })
    expect(client.session.current()).toMatchObject({ status: 'signed-out', reason: 'token_reused' })
    expect(events.filter(({ type }) => type === 'signed-out')).toHaveLength(1)
  })

  it.each([10 * YEAR, -10 * YEAR])('a clock that is %i ms off changes nothing', async (error) => {
    const device = new Device(auth)
    device.clockError = error
    const { client } = device.tab({ kind })
    await client.login(account)
    for (let minute = 0; minute < 40; minute += 5) {
      await device.pass(5 * MINUTE)
      await client.call('me')
    }
    expect(device.count(REFRESH)).toBe(2)
  })

  it('a clock that is set while it runs costs an exchange, and no session', async () => {
    const { device, client } = await signedIn({ kind })
    for (const error of [10 * YEAR, 0, -10 * YEAR, 0]) {
      device.clockError = error
      await device.pass(MINUTE)
      expect((await client.call('me')).email).toBe(account.email)
    }
    expect(device.count(REFRESH)).toBeLessThan(6)
  })

  it('tokens are exchanged ahead of their end while the page is visible, and not in the background', async () => {
    const device = new Device(auth)
    const tab = device.tab({ kind })
    await tab.client.login(account)
    await device.pass(14.5 * MINUTE)
    expect(device.count(REFRESH)).toBe(1)
    tab.hidden = true
    await device.pass(60 * MINUTE)
    expect(device.count(REFRESH)).toBe(1)
    tab.hidden = false
    tab.emit('visibilitychange')
    await device.idle()
    expect(device.count(REFRESH)).toBe(2)
  })

  it('a sign-in while tokens are exchanged is what counts', async () => {
    const { device, client } = await signedIn({ kind })
    const other = { ...account, email: `${kind.toLowerCase()}@example.com` }
    await auth.api.register(other)
    const refreshing = client.refresh()
    await client.login(other)
    await refreshing
    expect((await client.call('me')).email).toBe(other.email)
    await device.pass(16 * MINUTE)
    expect((await client.call('me')).email).toBe(other.email)
  })

  it('a sign-out while tokens are exchanged stays one', async () => {
    const { client } = await signedIn({ kind })
    const refreshing = client.refresh().catch(() => undefined)
    await client.logout()
    await refreshing
    expect(client.session.current()).toMatchObject({ status: 'signed-out' })
    await expect(client.call('me')).rejects.toMatchObject({ status: 401 })
  })

  it('no token stands in an error, an event, a state or the client itself', async () => {
    const { device, client, events } = await signedIn({ kind })
    const shown: unknown[] = [client, events, client.session.current()]
    device.network = toRefreshes(async () => Promise.reject(new TypeError('fetch failed')))
    const failed = client.refresh().catch((error) => error)
    await device.pass(30_000)
    device.network = (_sent, send) => send()
    shown.push(
      await failed,
      await client.call('resetPassword', { body: { token: 'spt_none', new_password: 'x' } }).catch((error) => error),
    )
    expect(inspect(shown, { depth: null, showHidden: true })).not.toMatch(/sp[srt]_[\w-]{20}|eyJ/)
    expect(device.requests.join()).not.toMatch(/sp[srt]_|eyJ/)
  })
})

it('an access token that is still good outlives its refresh token', async () => {
  const stateful = await createTestAuth({ config: { auth: { session: { ttl: '2h', refreshTokenTtl: '1h' } } } })
  await stateful.api.register(account)
  const device = new Device(stateful)
  const { client } = device.tab({ autoRefresh: false })
  await client.login(account)
  for (let hour = 0; hour < 3; hour++) {
    await device.pass(59 * MINUTE)
    expect((await client.call('me')).email).toBe(account.email)
  }
  expect(client.session.current().status).toBe('signed-in')
  await stateful.close()
})

it('the token that the server gives a guest near its end takes the place of the old one', async () => {
  const device = new Device(auth)
  // What node:http adds to every answer.
  device.network = async (_sent, send) => {
    const answer = await send()
    answer.headers.set('date', new Date(auth.clock.now()).toUTCString())
    return answer
  }
  const { client } = device.tab({ autoRefresh: false })
  await client.guest()
  const first = await client.accessToken()
  await device.pass(7 * 24 * 60 * MINUTE - 30 * MINUTE)
  await client.call('me')
  expect(await client.accessToken()).not.toBe(first)
  await device.pass(60 * MINUTE)
  expect((await client.call('me')).is_guest).toBe(true)
  expect(device.count('POST /session/refresh')).toBe(0)
})

it('a page that cannot ask at its start does not say who is signed in, and asks again', async () => {
  const { device } = await signedIn({ kind: 'cookie' })
  device.network = () => Promise.reject(new TypeError('fetch failed'))
  const { client } = device.tab({ kind: 'cookie' })
  const ready = client.session.ready().catch((error) => error.code)
  await device.pass(5000)
  expect(await ready).toBe('network')
  expect(client.session.current()).toEqual({ status: 'loading' })
  device.network = (_sent, send) => send()
  await device.pass(10_000)
  expect(client.session.current().status).toBe('signed-in')
})

it('what is stored by whomever is no reason to ask a server again that has just failed', async () => {
  const { device, emit } = await signedIn({ kind: 'cookie', autoRefresh: true })
  device.network = toRefreshes(async () => problem(500, 'internal'))
  await device.pass(16 * MINUTE)
  const before = device.count('POST /auth/refresh')
  for (let i = 0; i < 20; i++) {
    emit('storage')
    await device.idle()
  }
  expect(device.count('POST /auth/refresh')).toBe(before)
})

it('takes no token from where a redirect has led', async () => {
  const { device, client } = await signedIn()
  const before = await client.accessToken()
  device.network = async () => {
    const answer = new Response(null, { headers: { 'x-session-token': 'theirs' } })
    return Object.defineProperty(answer, 'redirected', { value: true })
  }
  await client.fetch('/api/x')
  expect(await client.accessToken()).toBe(before)
})

it('a program of Node does not end while a call waits to be repeated, and does not go on for anything else', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const background = surroundings.later(60_000, () => undefined)
  expect(timers()).toBe(before)
  const awaited = surroundings.later(60_000, () => undefined, true)
  expect(timers()).toBe(before + 1)
  background()
  awaited()
})

it('a storage that takes its time keeps nothing of a session that has been signed out of', async () => {
  let finish = () => {}
  const slow = new Promise<void>((resolve) => {
    finish = resolve
  })
  let kept: StoredSession | null = null
  const storage: CredentialStorage = {
    transport: 'bearer',
    isShared: false,
    load: async () => kept,
    async save(_name, session) {
      if (session) await slow
      kept = session
    },
  }
  const { client } = new Device(auth).tab({ storage })
  const signIn = client.login(account)
  while (client.session.current().status !== 'signed-in') await new Promise((resolve) => setImmediate(resolve))
  const signOut = client.logout()
  await new Promise((resolve) => setTimeout(resolve, 50))
  finish()
  await Promise.all([signIn, signOut])
  expect(kept).toBeNull()
})
