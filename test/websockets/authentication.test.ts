import { describe, expect, it } from 'vitest'
import { describeEachAuth } from '../flows/each-auth.js'
import { get, newcomer, post, signIn } from '../flows/people.js'
import { holderSignIn, newBrowser, newHolder } from '../flows/token-holders.js'
import { connect, refusalOf } from './socket-client.js'
import { serveSockets } from './socket-server.js'

const MODES = ['stateful', 'stateless'] as const

describeEachAuth('A WebSocket', (stage) => {
  describe.each(MODES)('in %s mode', (mode) => {
    it('is authenticated by its first frame, and tells who it is', async () => {
      const auth = await stage.open({ config: { auth: { mode } } })
      const { url } = await serveSockets(auth)
      const { access, userId, email } = await newHolder(auth)
      const client = await connect(url)
      const hello = await client.authenticate(access, { user_id: userId })
      expect(hello).toMatchObject({
        user_id: userId,
        session_id: expect.any(String),
        expires_at: expect.stringMatching(/^2026-01-\d\dT.*Z$/),
        user: { id: userId, email, roles: ['viewer'], is_guest: false },
      })
      expect(JSON.stringify(hello)).not.toContain(access.slice(0, 20))
      client.send({ type: 'ping' })
      await client.next('pong')
      expect(auth.sockets.count()).toBe(1)
    })

    it('is authenticated by a header or by the cookie before anything is sent', async () => {
      const auth = await stage.open({ config: { auth: { mode } } })
      const { url, origin } = await serveSockets(auth)
      const { access, userId } = await newHolder(auth)
      const byHeader = await connect(url, { authorization: `Bearer ${access}` })
      expect(await byHeader.next('auth_success')).toMatchObject({ user_id: userId })
      const byCookie = await connect(url, { cookie: `session_id=${access}`, origin })
      expect(await byCookie.next('auth_success')).toMatchObject({ user_id: userId })
    })

    it('goes on with a fresh token of the same user, of whichever of their sessions', async () => {
      const auth = await stage.open({ config: { auth: { mode } } })
      const { url, connections } = await serveSockets(auth)
      const { access, email, userId } = await newHolder(auth)
      const client = await connect(url)
      const { session_id } = await client.authenticate(access)
      const other = await holderSignIn(auth, email)
      client.send({ type: 'reauthenticate', session_token: other.access })
      const again = await client.next('auth_success')
      expect(again).toMatchObject({ user_id: userId })
      expect(again['session_id']).not.toBe(session_id)
      expect(connections[0]?.identity.sessionId).toBe(again['session_id'])
      // The session that it began with ends without it.
      await get(auth, '/auth/me', access)
      await post(auth, '/auth/logout', {}, { authorization: `Bearer ${access}` })
      expect(await client.heard()).toEqual([])
      await post(auth, '/auth/logout', {}, { authorization: `Bearer ${other.access}` })
      expect(await client.closed).toMatchObject({ code: 4403 })
    })

    it('is refused for a token that is wrong, or somebody else’s than it says', async () => {
      const auth = await stage.open({ config: { auth: { mode } } })
      const { url, messages } = await serveSockets(auth)
      const [one, other] = [await newHolder(auth), await newHolder(auth)]
      const attempts = [
        { session_token: 'sps_nothing' },
        { session_token: `${one.access}x` },
        { session_token: one.refresh },
        { session_token: one.access, user_id: other.userId },
        { session_token: one.access, user_id: '' },
      ]
      for (const attempt of attempts) {
        const client = await connect(url)
        client.send({ type: 'authenticate', ...attempt })
        expect(await client.next('auth_error')).toMatchObject({ code: 'invalid_token', message: expect.any(String) })
        expect(await client.closed).toMatchObject({ code: 4401 })
      }
      const client = await connect(url)
      await client.authenticate(one.access, { user_id: null })
      client.send({ type: 'reauthenticate', session_token: other.access })
      client.send({ type: 'chat' })
      expect(await client.next('auth_error')).toMatchObject({ code: 'invalid_token' })
      expect(await client.closed).toMatchObject({ code: 4401 })
      expect(messages).toEqual([])
      expect(auth.sockets.count()).toBe(0)
    })

    it('hears of a bad cookie or header, though a browser could not see the status of a refusal', async () => {
      const auth = await stage.open({ config: { auth: { mode } } })
      const { url, origin } = await serveSockets(auth)
      const { access } = await newHolder(auth)
      const bad = [
        { cookie: 'session_id=sps_old' },
        { authorization: 'Bearer nothing' },
        // Two cookies of the name: nobody can tell which one a neighbour has planted.
        { cookie: `session_id=${access}; session_id=${access}` },
        // The header alone counts.
        { authorization: 'Basic abc', cookie: `session_id=${access}` },
        { authorization: `Bearer ${access}`, 'x-tenant-id': '01890a5d-ac96-774b-bcce-b302099a8057' },
      ]
      for (const headers of bad) {
        const client = await connect(url, { origin, ...headers })
        await client.next('auth_error')
        expect(await client.closed).toMatchObject({ code: 4401 })
      }
    })

    it('reads nothing before it knows who it is, and replays nothing afterwards', async () => {
      const auth = await stage.open({ config: { auth: { mode } } })
      const { url, messages } = await serveSockets(auth)
      const { access } = await newHolder(auth)
      const client = await connect(url)
      client.send({ type: 'chat', text: 'before' })
      client.send({ type: 'ping' })
      client.send({ type: 'authenticate', session_token: access })
      client.send({ type: 'chat', text: 'too early' })
      await client.next('auth_success')
      client.send({ type: 'chat', text: 'after' })
      expect(await client.next('echo')).toMatchObject({ message: { text: 'after' } })
      expect(messages).toEqual([{ type: 'chat', text: 'after' }])
      expect(client.frames).toEqual([])
    })
  })

  // ASVS 4.4.2
  it('is refused before the upgrade where a cookie comes from a foreign page', async () => {
    const config = {
      server: { publicUrl: 'https://app.example.com', cors: { origins: ['https://other.example.com'] } },
    }
    const auth = await stage.open({ config })
    const { url } = await serveSockets(auth)
    const { access_token } = await newcomer(auth)
    const cookie = `__Host-session_id=${access_token}`
    for (const origin of ['https://app.example.com', 'https://other.example.com']) {
      await (await connect(url, { cookie, origin })).next('auth_success')
    }
    const foreign = ['https://evil.example', 'null', 'http://app.example.com', 'https://app.example.com.evil.example']
    for (const origin of [...foreign, 'https://app.example.com:8443', 'https://x@app.example.com', url]) {
      const refusal = await refusalOf(url, { cookie, origin })
      expect(refusal).toContain('403')
      expect(refusal).toContain('csrf_rejected')
      expect(await refusalOf(url, { authorization: `Bearer ${access_token}`, origin })).toContain('403')
    }
    // No browser leaves it out. Who can set a header is no browser.
    expect(await refusalOf(url, { cookie })).toContain('403')
    await (await connect(url, { cookie, authorization: `Bearer ${access_token}` })).next('auth_success')
    // Without anything that the browser adds by itself there is nothing to abuse.
    const bare = await connect(url, { origin: 'https://evil.example' })
    await bare.authenticate(access_token)
  })

  it('of a guest is one like any other', async () => {
    const auth = await stage.open()
    const { url } = await serveSockets(auth)
    const { token, playerUuid, username } = await auth.api.guests.create()
    const client = await connect(url)
    expect(await client.authenticate(token, { user_id: playerUuid })).toMatchObject({
      user: { id: playerUuid, username, is_guest: true, email: null },
    })
  })

  it('takes the tokens of the other mode while those are accepted', async () => {
    const stateful = await stage.open()
    const { access_token, email, password } = await newcomer(stateful)
    const stateless = await stage.open({ config: { auth: { mode: 'stateless' } } })
    const { url } = await serveSockets(stateless)
    await (await connect(url)).authenticate(access_token)
    const strict = await stage.open({ config: { auth: { mode: 'stateless', accept: ['stateless'] } } })
    const refusing = await connect((await serveSockets(strict)).url)
    refusing.send({ type: 'authenticate', session_token: (await signIn(stateful, { email, password })).access_token })
    expect(await refusing.next('auth_error')).toMatchObject({ code: 'invalid_token' })
  })

  it('of a browser is known by the cookie that sign-in has set', async () => {
    const auth = await stage.open()
    const { url, origin } = await serveSockets(auth)
    const browser = await newBrowser(auth)
    const client = await connect(url, { cookie: browser.cookieHeader('/ws'), origin })
    await client.next('auth_success')
  })
})
