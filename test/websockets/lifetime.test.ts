import { describe, expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth, type Stage } from '../flows/each-auth.js'
import { bearer, newcomer, post, refresh, send, signIn } from '../flows/people.js'
import { hideTable } from '../flows/refusing-database.js'
import { holderOf, holderSignIn, newBrowser, newHolder } from '../flows/token-holders.js'
import { connect } from './socket-client.js'
import { serveSockets } from './socket-server.js'

const MODES = ['stateful', 'stateless'] as const
const MINUTE = 60_000

type Config = NonNullable<Parameters<Stage['open']>[0]>['config']

/** Two nodes over one database; the connections are at the second one. */
async function twoNodes(stage: Stage, config: Config = {}) {
  const here = await stage.open({ config })
  const there = await stage.open({ config })
  const pass = async (milliseconds: number) => {
    for (const node of [here, there]) node.clock.advance(milliseconds)
    // Time that passes at once looks like a feed that was not heard.
    for (const node of [here, there]) await node.sync()
    await there.round()
  }
  return { here, there, pass, ...(await serveSockets(there)) }
}

const logout = (auth: TestAuth, access: string) => post(auth, '/auth/logout', {}, bearer(access))

// ASVS 7.4.1, 7.4.2
describeEachAuth('The end of a session', (stage) => {
  describe.each(MODES)('in %s mode', (mode) => {
    it('closes its connections at every node, and tells why', async () => {
      const { here, url } = await twoNodes(stage, { auth: { mode } })
      const { access, email } = await newHolder(here)
      const other = await holderSignIn(here, email)
      const [one, two, apart] = [await connect(url), await connect(url), await connect(url)]
      await one.authenticate(access)
      await two.authenticate(access)
      await apart.authenticate(other.access)
      await logout(here, access)
      for (const client of [one, two]) {
        expect(await client.next('session_revoked')).toMatchObject({ reason: 'logout' })
        expect(await client.closed).toMatchObject({ code: 4403 })
      }
      apart.send({ type: 'chat' })
      await apart.next('echo')
    })

    it('closes all of a user who is disabled, and of one whose refresh token was stolen', async () => {
      const { here, url, pass } = await twoNodes(stage, { auth: { mode } })
      const [disabled, robbed] = [await newHolder(here), await newHolder(here)]
      const [first, second] = [await connect(url), await connect(url)]
      await first.authenticate(disabled.access)
      await second.authenticate(robbed.access)
      await here.api.users.disable(disabled.userId)
      expect(await first.next('session_revoked')).toMatchObject({ reason: 'account_disabled' })
      await refresh(here, robbed.refresh)
      await pass(MINUTE)
      expect((await refresh(here, robbed.refresh)).status).toBe(401)
      expect(await second.next('session_revoked')).toMatchObject({ reason: 'refresh_reuse' })
    })

    it('is none where its tokens are exchanged', async () => {
      const { here, url, pass } = await twoNodes(stage, { auth: { mode } })
      const { access, refresh: token } = await newHolder(here)
      const client = await connect(url)
      await client.authenticate(access)
      const next = await holderOf(await refresh(here, token))
      await pass(MINUTE)
      client.send({ type: 'chat' })
      await client.next('echo')
      client.send({ type: 'reauthenticate', session_token: next.access })
      await client.next('auth_success')
    })
  })

  it('reaches a connection that was authenticated while it came', async () => {
    const { here, there, url } = await twoNodes(stage)
    const { access_token } = await newcomer(here)
    const attempts = Array.from({ length: 8 }, async () => {
      const client = await connect(url)
      client.send({ type: 'authenticate', session_token: access_token })
      return client
    })
    const clients = await Promise.all(attempts)
    await logout(here, access_token)
    for (const client of clients) expect([4401, 4403]).toContain((await client.closed).code)
    expect(there.sockets.count()).toBe(0)
  })
})

// ASVS 7.3.1
describeEachAuth('A connection', (stage) => {
  const stateless = { auth: { mode: 'stateless' as const } }

  it('with a JWT is warned, and closed at its end', async () => {
    const { here, url, pass, messages } = await twoNodes(stage, stateless)
    const { access } = await newHolder(here)
    const client = await connect(url)
    const { expires_at } = await client.authenticate(access)
    await pass(13 * MINUTE)
    expect(await client.heard()).toEqual([])
    await pass(MINUTE + 30_000)
    expect(await client.next('session_expiring')).toMatchObject({ expires_at })
    await pass(31_000)
    client.send({ type: 'chat' })
    expect(await client.next('auth_error')).toMatchObject({ code: 'token_expired' })
    expect(await client.closed).toMatchObject({ code: 4401 })
    expect(messages).toEqual([])
  })

  it('with a fresh JWT goes on', async () => {
    const { here, url, pass } = await twoNodes(stage, stateless)
    const { access, refresh: token } = await newHolder(here)
    const client = await connect(url)
    const before = await client.authenticate(access)
    await pass(14 * MINUTE + 30_000)
    await client.next('session_expiring')
    const next = await holderOf(await refresh(here, token))
    client.send({ type: 'reauthenticate', session_token: next.access })
    const after = await client.next('auth_success')
    expect(Date.parse(String(after['expires_at']))).toBeGreaterThan(Date.parse(String(before['expires_at'])))
    await pass(MINUTE)
    client.send({ type: 'chat' })
    await client.next('echo')
  })

  it('of a browser goes on when the browser refreshes at whichever node, and ends when it does not', async () => {
    const { here, url, origin, pass } = await twoNodes(stage, stateless)
    const browser = await newBrowser(here)
    const client = await connect(url, { cookie: browser.cookieHeader('/ws'), origin })
    await client.next('auth_success')
    await pass(10 * MINUTE)
    expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
    await pass(10 * MINUTE)
    client.send({ type: 'chat' })
    await client.next('echo')
    await pass(20 * MINUTE)
    expect(await client.closed).toMatchObject({ code: 4401 })
  })

  it('with an opaque token lives by frames, and not by pings', async () => {
    const { here, there, url, pass } = await twoNodes(stage, { auth: { session: { ttl: '1h' } } })
    const { access_token, email, password } = await newcomer(here)
    const idle = await signIn(here, { email, password })
    const [busy, pinging] = [await connect(url), await connect(url)]
    await busy.authenticate(access_token)
    await pinging.authenticate(idle.access_token)
    for (let minute = 0; minute < 55; minute += 5) {
      await pass(5 * MINUTE)
      busy.send({ type: 'chat' })
      await busy.next('echo')
      await pinging.heard()
    }
    await there.flush()
    await pass(4 * MINUTE + 30_000)
    await pinging.next('session_expiring')
    await pass(2 * MINUTE)
    expect(await pinging.closed).toMatchObject({ code: 4401 })
    expect(await busy.heard()).toEqual([])
    await pass(10 * MINUTE)
    busy.send({ type: 'chat' })
    await busy.next('echo')
  })

  it('with an opaque token is kept by what its session does elsewhere', async () => {
    const { here, url, pass } = await twoNodes(stage, { auth: { session: { ttl: '1h' } } })
    const { access_token } = await newcomer(here)
    const client = await connect(url)
    await client.authenticate(access_token)
    await pass(50 * MINUTE)
    await send(here, 'GET', '/auth/me', access_token)
    await here.flush()
    await pass(20 * MINUTE)
    expect(await client.heard()).toEqual([])
  })

  it('is told when its account changes, wherever that happens', async () => {
    const { here, url, connections } = await twoNodes(stage, stateless)
    const { access } = await newHolder(here)
    const client = await connect(url)
    await client.authenticate(access)
    const heard: string[] = []
    connections[0]?.onIdentity((now, before) => heard.push(`${before.username} → ${now.username}`))
    await send(here, 'PATCH', '/auth/me', access, { username: 'Ada' })
    expect(await client.next('user_updated')).toMatchObject({ user: { username: 'Ada' } })
    expect(heard).toHaveLength(1)
    client.send({ type: 'chat' })
    expect(await client.next('echo')).toMatchObject({ user: 'Ada' })
  })

  it.each(['push', 'close'] as const)('whose roles change has them at once, or has to come again: %s', async (way) => {
    const { here, url, connections } = await twoNodes(stage, { ...stateless, websocket: { onRoleChange: way } })
    const { access, userId } = await newHolder(here)
    const client = await connect(url)
    const { user } = await client.authenticate(access)
    expect(user).toMatchObject({ roles: ['viewer'] })
    const db = await stage.db()
    await db
      .insertInto('user_roles')
      .values({ tenant_id: connections[0]?.identity.tenantId ?? '', user_id: userId, role: 'editor', granted_at: 0 })
      .execute()
    await send(here, 'PATCH', '/auth/me', access, { username: 'Grace' })
    if (way === 'close') expect(await client.closed).toMatchObject({ code: 4401 })
    else expect(await client.next('user_updated')).toMatchObject({ user: { roles: ['editor', 'viewer'] } })
  })
})

describeEachAuth('While the database is away', (stage) => {
  it('frames are refused where a request would be, and nobody is disconnected; an end that was missed is made up for', async () => {
    const { here, there, url, messages, pass, connections } = await twoNodes(stage)
    const { access_token } = await newcomer(here)
    const client = await connect(url)
    await client.authenticate(access_token)
    const bring = await hideTable(await stage.db(), 'changes')
    const bringSessions = await hideTable(await stage.db(), 'sessions')
    there.clock.advance(30_000)
    client.send({ type: 'chat', text: 'lost' })
    expect((await client.next('error'))['code']).toMatch(/^(unavailable|internal)$/)
    expect(messages).toEqual([])
    expect(connections[0]?.send({ type: 'note' })).toBe(false)
    await there.round()
    await bringSessions()
    await bring()
    await pass(0)
    client.send({ type: 'chat', text: 'again' })
    await client.next('echo')
    // An end of which the feed has lost its row.
    const db = await stage.db()
    await db.updateTable('sessions').set({ revoked_at: 1, revoked_reason: 'administrator' }).execute()
    await pass(30_000)
    expect(await client.next('session_revoked')).toMatchObject({ reason: 'administrator' })
  })
})

describeEachAuth('A guest who becomes an account', (stage) => {
  const account = (name: string) => ({
    email: `${name}-${Math.random()}@example.com`,
    password: 'correct horse battery',
  })

  it.each(MODES)('keeps the connection, with a new session (%s)', async (mode) => {
    const { here, url, connections } = await twoNodes(stage, { auth: { mode } })
    const { token, playerUuid, username } = await here.api.guests.create()
    const client = await connect(url)
    const guest = await client.authenticate(token)
    const upgraded = await post(here, '/session/upgrade', account('kept'), bearer(token))
    const { access } = await holderOf(upgraded)
    const now = await client.next('user_updated')
    expect(now).toMatchObject({ user_id: playerUuid, user: { username, is_guest: false, roles: ['viewer'] } })
    expect(now['session_id']).not.toBe(guest['session_id'])
    expect(connections[0]?.identity).toMatchObject({ isGuest: false, sessionId: now['session_id'] })
    client.send({ type: 'chat' })
    await client.next('echo')
    await logout(here, access)
    expect(await client.next('session_revoked')).toMatchObject({ reason: 'logout' })
  })

  it('does not take somebody along who had the guest’s token somewhere else', async () => {
    const { here, url } = await twoNodes(stage, { server: { trustProxy: ['127.0.0.1'] } })
    const { token } = await here.api.guests.create()
    const planted = await connect(url)
    await planted.authenticate(token)
    const victim = { ...bearer(token), 'x-forwarded-for': '203.0.113.9' }
    expect((await post(here, '/session/upgrade', account('victim'), victim)).status).toBe(200)
    expect(await planted.next('session_revoked')).toMatchObject({ reason: 'guest_upgraded' })
    expect(await planted.closed).toMatchObject({ code: 4403 })
  })
})
