import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { Device, endSessions } from './device.js'

const MINUTE = 60_000
const password = 'violet-anchor-7-lantern'
const ada = { email: 'ada@example.com', password }
const bob = { email: 'bob@example.com', password }
const REFRESH = 'POST /auth/refresh'

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
  await auth.api.register(ada)
  await auth.api.register(bob)
})
afterAll(() => auth.close())

const KINDS = [
  { kind: 'localStorage' },
  { kind: 'cookie' },
  { kind: 'localStorage', locks: false },
  { kind: 'cookie', locks: false },
  { kind: 'localStorage', channel: false },
] as const

describe.each(KINDS)('tabs with %o', (options) => {
  async function open(count: number) {
    const device = new Device(auth)
    const first = device.tab({ ...options, autoRefresh: false })
    await first.client.login(ada)
    const others = Array.from({ length: count - 1 }, () => device.tab({ ...options, autoRefresh: false }))
    for (const { client } of others) await client.session.ready()
    await device.idle()
    return { device, tabs: [first, ...others] }
  }
  const emailOf = (client: { session: { current(): object } }) => JSON.stringify(client.session.current())

  it('exchange tokens once, whoever comes', async () => {
    const { device, tabs } = await open(5)
    for (let round = 1; round <= 4; round++) {
      await device.pass(16 * MINUTE)
      const calls = Promise.all(tabs.flatMap(({ client }) => [client.call('me'), client.call('me')]))
      await device.pass(2000)
      expect((await calls).map(({ email }) => email)).toEqual(Array(10).fill(ada.email))
      if ('locks' in options) expect(device.count(REFRESH)).toBeLessThanOrEqual(round * 5)
      else expect(device.count(REFRESH)).toBe(round)
    }
    expect(tabs.every(({ client }) => client.session.current().status === 'signed-in')).toBe(true)
  })

  it('hear that somebody signed out, in, or in as somebody else', async () => {
    const { device, tabs } = await open(3)
    const [first, second, third] = tabs.map(({ client }) => client)
    await first?.logout()
    await device.idle()
    for (const { client } of tabs) expect(client.session.current()).toEqual({ status: 'signed-out', reason: 'logout' })
    const signIn = second?.login(bob)
    await device.pass(1000)
    await signIn
    for (const { client } of tabs) expect(emailOf(client)).toContain(bob.email)
    await third?.call('updateMe', { body: { username: 'Bob' } })
    const other = third?.login(ada)
    await device.pass(1000)
    await other
    for (const { client } of tabs) {
      expect(emailOf(client)).toContain(ada.email)
      await client.call('updateMe', { body: { username: 'Ada' } })
    }
  })

  it('hear it when the session was ended elsewhere, each of them once', async () => {
    const { device, tabs } = await open(3)
    await endSessions(auth, ada)
    const calls = Promise.all(tabs.map(({ client }) => client.call('me').catch((error) => error.status)))
    await device.pass(2000)
    expect(await calls).toEqual([401, 401, 401])
    for (const { client, events } of tabs) {
      expect(client.session.current().status).toBe('signed-out')
      expect(events.filter(({ type }) => type === 'signed-out')).toHaveLength(1)
    }
  })

  it('never tell each other a token', async () => {
    const { device, tabs } = await open(2)
    const refreshed = tabs[0]?.client.refresh()
    await device.pass(1000)
    await refreshed
    expect(JSON.stringify(device.messages)).not.toMatch(/sp[srt]_|eyJ/)
    if (options.kind === 'cookie') expect(JSON.stringify([...device.stored])).not.toMatch(/sp[srt]_|eyJ|@/)
  })
})

it('what another tab has left may have ended too: then the tokens are exchanged, and the call succeeds', async () => {
  const device = new Device(auth)
  const { client } = device.tab({ kind: 'cookie', autoRefresh: false })
  await client.login(ada)
  const [[key, note] = ['', '']] = device.stored
  const { receivedAt, ...rest } = JSON.parse(note)
  device.stored.set(key, JSON.stringify({ ...rest, receivedAt: receivedAt + 5 }))
  await device.pass(1000)
  // The server's clock alone: the note does not look old.
  auth.clock.advance(16 * MINUTE)
  expect((await client.call('me')).email).toBe(ada.email)
  expect(device.count(REFRESH)).toBe(1)
})

it('a tab that slept through an exchange shows the newest token there is, and not the one it had', async () => {
  const device = new Device(auth)
  const asleep = device.tab({ kind: 'localStorage', channel: false, autoRefresh: false })
  await asleep.client.login(ada)
  const kept = [...device.stored]
  const awake = device.tab({ kind: 'localStorage', channel: false, autoRefresh: false })
  await device.pass(16 * MINUTE)
  await awake.client.call('me')
  const [[key = '', newest = ''] = []] = [...device.stored]
  device.stored.set(key, kept[0]?.[1] ?? '')
  asleep.emit('storage')
  await device.idle()
  device.stored.set(key, newest)
  await device.pass(60 * MINUTE)
  expect((await asleep.client.call('me')).email).toBe(ada.email)
})

it('a tab that never lets go is not waited for', async () => {
  const device = new Device(auth)
  const first = device.tab({ kind: 'cookie', autoRefresh: false }).client
  await first.login(ada)
  const second = device.tab({ kind: 'cookie', autoRefresh: false }).client
  await second.session.ready()
  device.network = (sent, send) => (sent.path === '/auth/refresh' ? device.never() : send())
  void first.refresh().catch(() => undefined)
  await device.idle()
  device.network = (_sent, send) => send()
  const refreshed = second.refresh()
  await device.pass(30_000)
  await refreshed
  expect((await second.call('me')).email).toBe(ada.email)
})

it('a page that comes back from where it heard nothing looks up who is signed in', async () => {
  for (const kind of ['cookie', 'localStorage'] as const) {
    const device = new Device(auth)
    const away = device.tab({ kind, channel: false })
    await away.client.login(ada)
    const here = device.tab({ kind, channel: false }).client
    await here.session.ready()
    await here.logout()
    away.emit('pageshow')
    await device.idle()
    expect(away.client.session.current().status).toBe('signed-out')
  }
})

describe('what somebody began is done by nobody else', () => {
  const nameOf = async (account: typeof bob) => (await auth.api.login(account)).user.username
  const rename = { body: { username: 'Mallory' } }

  it('although a sign-in came between a call and its refusal', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ autoRefresh: false })
    await client.login(ada)
    const shown: (string | null)[] = []
    device.network = async ({ path, headers }, send) => {
      if (path !== '/api/x') return send()
      shown.push(headers.get('authorization'))
      await client.login(bob)
      return new Response(null, { status: 401 })
    }
    expect((await client.fetch('/api/x', { method: 'POST' })).status).toBe(401)
    expect(shown).toHaveLength(1)
  })

  it('although another tab has signed in while tokens were exchanged for it', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ kind: 'localStorage', channel: false, autoRefresh: false })
    await client.login(ada)
    const other = device.tab({ kind: 'localStorage', channel: false, autoRefresh: false }).client
    await device.pass(16 * MINUTE)
    const signIn = other.login(bob)
    await expect(client.call('updateMe', rename)).rejects.toMatchObject({ status: 401 })
    await signIn
    expect(await nameOf(bob)).not.toBe('Mallory')
  })

  it('although the cookies are of somebody else by now, and nobody has told', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ kind: 'cookie', channel: false, autoRefresh: false })
    await client.login(ada)
    await client.call('updateMe', { body: { username: 'Ada' } })
    const other = device.tab({ kind: 'cookie', channel: false, autoRefresh: false }).client
    await other.login(bob)
    await expect(client.call('updateMe', rename)).rejects.toMatchObject({ code: 'csrf_rejected' })
    expect(await nameOf(bob)).not.toBe('Mallory')
    expect(client.session.current()).toMatchObject({ user: { email: bob.email } })
    const named = await client.call('updateMe', { body: { username: 'Bob' } })
    expect(named.username).toBe('Bob')
  })

  it('nor by the first write of a tab, whose CSRF token would be somebody else’s', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ kind: 'cookie', channel: false, autoRefresh: false })
    await client.login(ada)
    await device.tab({ kind: 'cookie', channel: false, autoRefresh: false }).client.login(bob)
    await expect(client.call('updateMe', rename)).rejects.toMatchObject({ code: 'csrf_rejected' })
    expect(await nameOf(bob)).not.toBe('Mallory')
    expect(client.session.current()).toMatchObject({ user: { email: bob.email } })
    expect((await client.call('updateMe', { body: { username: 'Bob' } })).username).toBe('Bob')
  })
})

it('a page that comes back after its access token has ended is signed in as before', async () => {
  const device = new Device(auth)
  const { client, emit, events } = device.tab({ kind: 'cookie', autoRefresh: false })
  await client.login(ada)
  await device.pass(16 * MINUTE)
  emit('pageshow')
  await device.idle()
  expect(client.session.current().status).toBe('signed-in')
  expect(events.map(({ type }) => type)).not.toContain('signed-out')
})

it('a sign-out in another tab that is not heard yet is not undone by an exchange', async () => {
  const device = new Device(auth)
  const { client } = device.tab({ kind: 'localStorage', channel: false, autoRefresh: false })
  await client.login(ada)
  device.network = async ({ path }, send) => {
    const answer = await send()
    if (path === '/auth/refresh') device.stored.clear()
    return answer
  }
  await client.refresh().catch(() => undefined)
  expect([...device.stored]).toEqual([])
  expect(client.session.current().status).toBe('signed-out')
})

it('what a tab learns of the account takes the place of nothing that another tab has stored', async () => {
  const device = new Device(auth)
  const { client } = device.tab({ kind: 'localStorage', channel: false, autoRefresh: false })
  await client.login(ada)
  const [[key, own] = ['', '']] = device.stored
  const newer = JSON.stringify({ ...JSON.parse(own), refreshToken: 'newer' })
  for (const others of [[[key, newer]], []] as const) {
    device.network = async (_sent, send) => {
      const answer = await send()
      device.stored.clear()
      for (const [name, value] of others) device.stored.set(name, value)
      return answer
    }
    await client.call('me')
    await Promise.resolve()
    expect([...device.stored]).toEqual(others)
  }
})

describe('tabs with memory', () => {
  it('are sessions of their own', async () => {
    const device = new Device(auth)
    const [one, two] = [device.tab().client, device.tab().client]
    await one.login(ada)
    expect((await two.session.ready()).status).toBe('signed-out')
    await two.login(ada)
    await one.logout()
    await device.idle()
    expect((await two.call('me')).email).toBe(ada.email)
  })

  it('hear it when all sessions, or all others, were ended', async () => {
    const device = new Device(auth)
    const [one, two, three] = [device.tab().client, device.tab().client, device.tab().client]
    await one.login(ada)
    await two.login(ada)
    await three.login(bob)
    await one.logoutOthers()
    await device.idle()
    expect(two.session.current()).toEqual({ status: 'signed-out', reason: 'session_revoked' })
    expect(one.session.current().status).toBe('signed-in')
    await two.login(ada)
    await one.logout({ everywhere: true })
    await device.idle()
    expect(two.session.current().status).toBe('signed-out')
    expect(three.session.current().status).toBe('signed-in')
  })
})
