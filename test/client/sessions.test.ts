import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { Device } from './device.js'

const password = 'violet-anchor-7-lantern'
let people = 0
const somebody = () => ({ email: `person${++people}@example.com`, password, username: 'Ada' })

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
})
afterAll(() => auth.close())

describe.each(['memory', 'localStorage', 'cookie'] as const)('with %s', (kind) => {
  it('signs up, in and out, and tells it once each', async () => {
    const { client, events } = new Device(auth).tab({ kind })
    expect(client.session.current()).toEqual({ status: 'loading' })
    expect(await client.session.ready()).toEqual({ status: 'signed-out', reason: null })

    const account = somebody()
    const heard: string[] = []
    client.session.subscribe(({ status }) => heard.push(status))
    expect(await client.register(account)).toMatchObject({ status: 'signed-in', user: { email: account.email } })
    expect(client.session.current()).toMatchObject({
      status: 'signed-in',
      user: { username: 'Ada', roles: ['viewer'] },
    })
    expect((await client.call('me')).email).toBe(account.email)

    await client.logout()
    expect(client.session.current()).toEqual({ status: 'signed-out', reason: 'logout' })
    await expect(client.call('me')).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
    await client.login(account)
    expect(heard).toEqual(['signed-in', 'signed-out', 'signed-in'])
    expect(events.map(({ type }) => type)).toEqual(['signed-in', 'signed-out', 'signed-in'])
  })

  it('keeps the session over a reload, unless it was in memory', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ kind })
    await client.register(somebody())
    const again = device.tab({ kind }).client
    expect((await again.session.ready()).status).toBe(kind === 'memory' ? 'signed-out' : 'signed-in')
  })

  it('writes to the profile, and shows what became of it', async () => {
    const { client } = new Device(auth).tab({ kind })
    await client.register(somebody())
    await client.call('updateMe', { body: { username: 'Ada Lovelace' } })
    expect(client.session.current()).toMatchObject({ user: { username: 'Ada Lovelace' } })
    expect(await client.call('revokeSession', { params: { id: 'nobody' } }).catch((error) => error.code)).toBe(
      'not_found',
    )
  })

  it('makes a guest, and of the guest an account', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ kind })
    const { user } = await client.guest()
    expect(user).toMatchObject({ is_guest: true, email: null })
    await client.refresh()
    expect((await client.call('me')).id).toBe(user.id)
    const account = somebody()
    expect(await client.upgrade({ email: account.email, password })).toMatchObject({
      user: { id: user.id, is_guest: false },
    })
    await client.refresh()
    expect((await client.call('me')).email).toBe(account.email)
    expect([device.count('POST /session/refresh'), device.count('POST /auth/refresh')]).toEqual([1, 1])
  })

  it('refuses with what the server said, and nobody is signed out by that', async () => {
    const { client, events } = new Device(auth).tab({ kind })
    const account = somebody()
    await client.register(account)
    await expect(client.login({ ...account, password: 'wrong' })).rejects.toMatchObject({
      code: 'invalid_credentials',
      status: 401,
      requestId: expect.stringMatching(/./),
    })
    await expect(
      client.call('changePassword', { body: { current_password: '', new_password: '' } }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'current_password' }, { path: 'new_password' }],
    })
    expect(client.session.current().status).toBe('signed-in')
    expect(events).toHaveLength(1)
  })

  it('ends the sessions of other devices, or all of them', async () => {
    const here = new Device(auth).tab({ kind }).client
    const there = new Device(auth).tab({ kind })
    const account = somebody()
    await here.register(account)
    await there.client.login(account)
    expect(await here.logoutOthers()).toBe(1)
    await expect(there.client.call('me')).rejects.toMatchObject({ status: 401 })
    expect(there.client.session.current()).toEqual({ status: 'signed-out', reason: 'session_revoked' })

    await there.client.login(account)
    await here.logout({ everywhere: true })
    expect(here.session.current()).toEqual({ status: 'signed-out', reason: 'logout' })
    await there.client.call('me').catch(() => undefined)
    expect(there.client.session.current().status).toBe('signed-out')
  })
})

it('signs nobody up whose address has to prove itself first', async () => {
  const strict = await createTestAuth({ config: { auth: { emailVerification: 'required' } } })
  const { client } = new Device(strict).tab()
  expect(await client.register(somebody())).toEqual({ status: 'verification_required' })
  expect((await client.session.ready()).status).toBe('signed-out')
  await strict.close()
})

it('signs in by a mailed link', async () => {
  const linked = await createTestAuth({ config: { auth: { magicLink: true } } })
  for (const kind of ['memory', 'cookie'] as const) {
    const account = somebody()
    await linked.api.register(account)
    const { client } = new Device(linked).tab({ kind })
    await client.call('requestMagicLink', {
      body: { email: account.email, transport: kind === 'cookie' ? 'cookie' : 'bearer' },
    })
    const { token } = await linked.mail.lastTo(account.email)
    expect((await client.loginByLink({ token: token ?? '' })).user.email).toBe(account.email)
  }
  await linked.close()
})

it('knows who is signed in of a session in stateful mode, and shows the session', async () => {
  const stateful = await createTestAuth()
  const { client } = new Device(stateful).tab()
  await client.register(somebody())
  const state = client.session.current()
  expect(state.status === 'signed-in' && state.session?.id).toBe((await client.call('me')).session_id)
  await stateful.close()
})
