import { expect, it } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { partsOf } from '../security/forged-token.js'
import { eventsOf, trailOf } from './audit-trail.js'
import { DAY, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { guestOf, newGuest, validationShape, validityOf } from './guest-world.js'
import { type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, get, newcomer, post, send, standingOf } from './people.js'

describeEachAuth('Guests', (stage) => {
  const node = (options: NodeOptions = {}) => openNodeOfTest({ url: stage.url(), ...options })

  it('get a name, an id and a session by asking, without a body or with an empty one', async () => {
    const auth = await stage.open()
    const guest = await newGuest(auth)
    expect(Date.parse(guest.expires_at)).toBe(auth.clock.now() + 7 * DAY)
    expect((await post(auth, '/session', {})).status).toBe(201)
    const answer = await auth.request('/session', { method: 'POST' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.getSetCookie()).toEqual([])
    const { header, claims } = partsOf(guest.token)
    expect(header).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' })
    expect(claims).toMatchObject({
      sub: guest.player_uuid,
      user_id: guest.player_uuid,
      sid: guest.session_id,
      username: guest.username,
      tenant_id: DEFAULT_TENANT_ID,
      email: null,
      roles: [],
      is_guest: true,
      auth_methods: ['guest'],
    })
    expect(await trailOf(await stage.db(), { userId: guest.player_uuid })).toEqual(['guest.created', 'session.created'])
  })

  it('are validated by token and record, and each use counts', async () => {
    const auth = await stage.open()
    const guest = await newGuest(auth)
    const created = auth.clock.now()
    auth.clock.advance(10 * MINUTE)
    const answer = await get(auth, '/session/validate', guest.token)
    expect(validationShape.parse(await answer.json())).toEqual({
      valid: true,
      session_id: guest.session_id,
      username: guest.username,
      player_uuid: guest.player_uuid,
      created_at: new Date(created).toISOString(),
      last_accessed: new Date(auth.clock.now()).toISOString(),
      expires_at: guest.expires_at,
      is_active: true,
    })
    await auth.flush()
    const db = await stage.db()
    const row = await db.selectFrom('sessions').selectAll().where('id', '=', guest.session_id).executeTakeFirstOrThrow()
    expect(row.last_activity).toBe(auth.clock.now())
  })

  it('are validated alike by the route behind the door: for HEAD, and for a page of another origin', async () => {
    const auth = await stage.open({ config: { server: { cors: { origins: ['https://game.example'] } } } })
    const { token } = await newGuest(auth)
    const head = await auth.request('/session/validate', { method: 'HEAD', headers: bearer(token) })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const origin = 'https://game.example'
    const [byRoute, byDoor] = [
      await get(auth, '/session/validate', token, { origin }),
      await get(auth, '/session/validate', token),
    ]
    expect(byRoute.headers.get('access-control-allow-origin')).toBe(origin)
    expect(byRoute.headers.get('access-control-expose-headers')).toContain('X-Session-Token')
    expect(await byRoute.json()).toEqual(await byDoor.json())
    const preflight = { origin, 'access-control-request-method': 'GET' }
    expect((await auth.request('/session/validate', { method: 'OPTIONS', headers: preflight })).status).toBe(204)
    expect(await codeOf(await auth.request('/session/validate', { method: 'POST' }))).toBe('method_not_allowed')
    for (const headers of [{}, { origin }]) {
      expect(await codeOf(await auth.request('/session/validate', { headers }))).toBe('unauthenticated')
    }
  })

  it.each(['stateful', 'stateless'] as const)('come in wherever an access token does, in %s mode', async (mode) => {
    const auth = await node({ auth: { mode, accept: [mode], jwt: { sessionCheck: 'none' } } })
    const guest = await newGuest(auth)
    const me = await get(auth, '/auth/me', guest.token)
    expect(await me.json()).toMatchObject({
      id: guest.player_uuid,
      email: null,
      username: guest.username,
      is_guest: true,
      roles: [],
      permissions: [],
      session_id: guest.session_id,
      auth_methods: ['guest'],
    })
    const verified = await get(auth, '/auth/verify', guest.token)
    expect([verified.status, verified.headers.get('x-auth-user-id'), verified.headers.get('x-auth-email')]).toEqual([
      200,
      guest.player_uuid,
      null,
    ])
    expect((await get(auth, '/auth/verify?role=viewer', guest.token)).status).toBe(403)
    const identity = await auth.authenticate(new Headers(bearer(guest.token)))
    expect(identity).toMatchObject({ userId: guest.player_uuid, isGuest: true, authMethods: ['guest'] })
    const list = await get(auth, '/auth/sessions', guest.token)
    expect(await list.json()).toMatchObject({
      sessions: [{ id: guest.session_id, current: true, expires_at: guest.expires_at, auth_methods: ['guest'] }],
    })
    expect((await send(auth, 'POST', '/auth/logout', guest.token)).status).toBe(204)
    expect(await standingOf(auth, guest.token)).toBe('session_revoked')
  })

  it('keep the name that they were given', async () => {
    const auth = await stage.open()
    const guest = await newGuest(auth)
    expect(await codeOf(await send(auth, 'PATCH', '/auth/me', guest.token, { username: 'admin' }))).toBe('forbidden')
    expect((await send(auth, 'PATCH', '/auth/me', guest.token, {})).status).toBe(200)
    expect(await auth.api.guests.findByUsername({ username: 'admin' })).toBeNull()
  })

  it('are refreshed as often as they like: the next token lives longer, and the identity stays', async () => {
    const auth = await stage.open()
    const guest = await newGuest(auth)
    const first = await guestOf(await send(auth, 'POST', '/session/refresh', guest.token))
    expect(first).toEqual({ ...guest, token: first.token })
    expect(first.token).not.toBe(guest.token)
    auth.clock.advance(DAY)
    const second = await guestOf(await send(auth, 'POST', '/session/refresh', first.token))
    expect(Date.parse(second.expires_at) - Date.parse(guest.expires_at)).toBe(DAY)
    // A parallel request may still be on its way with the old one.
    for (const { token } of [guest, first, second]) expect(await validityOf(auth, token)).toBe('200')
    const db = await stage.db()
    const refreshed = await eventsOf(db, { sessionId: guest.session_id })
    expect(refreshed.filter(({ type }) => type === 'session.refreshed')).toHaveLength(2)
    auth.clock.advance(6 * DAY)
    expect(await validityOf(auth, first.token)).toBe('token_expired')
    expect(await validityOf(auth, second.token)).toBe('200')
    auth.clock.advance(DAY - 1)
    expect(await validityOf(auth, second.token)).toBe('200')
    auth.clock.advance(1)
    for (const path of ['/session/validate', '/auth/me', '/auth/verify']) {
      expect(await codeOf(await get(auth, path, second.token))).toBe('token_expired')
    }
    expect(await codeOf(await send(auth, 'POST', '/session/refresh', second.token))).toBe('token_expired')
  })

  it('are over at the absolute end, however often they are refreshed', async () => {
    const auth = await stage.open({ config: { auth: { guests: { ttl: '2d', absoluteTtl: '5d' } } } })
    let guest = await newGuest(auth)
    for (let day = 1; day < 5; day++) {
      auth.clock.advance(DAY)
      guest = await guestOf(await send(auth, 'POST', '/session/refresh', guest.token))
    }
    expect(Date.parse(guest.expires_at)).toBe(auth.clock.now() + DAY)
    auth.clock.advance(DAY - 1)
    const last = await get(auth, '/session/validate', guest.token)
    expect([last.status, last.headers.get('x-session-token')]).toEqual([200, null])
    auth.clock.advance(1)
    expect(await validityOf(auth, guest.token)).toBe('token_expired')
  })

  it('leave by DELETE: the token is dead on every node, the name is free and the id is nobody’s', async () => {
    const clock = new ManualClock()
    const [one, two] = [await node({ clock }), await node({ clock, auth: { mode: 'stateless' } })]
    const guest = await newGuest(one)
    for (const auth of [one, two]) expect(await validityOf(auth, guest.token)).toBe('200')
    expect((await send(one, 'DELETE', '/session', guest.token)).status).toBe(204)
    expect(await validityOf(one, guest.token)).toBe('session_revoked')
    clock.advance(2 * SECOND + 1)
    for (const path of ['/session/validate', '/auth/me', '/auth/verify', '/auth/sessions']) {
      for (const auth of [one, two]) {
        expect(await codeOf(await get(auth, path, guest.token))).toBe('session_revoked')
      }
    }
    expect(await codeOf(await send(two, 'DELETE', '/session', guest.token))).toBe('session_revoked')
    expect(await codeOf(await send(one, 'POST', '/session/refresh', guest.token))).toBe('session_revoked')
    for (const { api } of [one, two]) {
      expect(await api.guests.findById(guest.player_uuid)).toBeNull()
      expect(await api.guests.findByUsername({ username: guest.username })).toBeNull()
    }
    const db = await stage.db()
    expect(await db.selectFrom('users').select('id').where('id', '=', guest.player_uuid).execute()).toEqual([])
    expect(await db.selectFrom('guests').select('user_id').where('username', '=', guest.username).execute()).toEqual([])
    expect(await trailOf(db, { userId: guest.player_uuid })).toEqual([
      'guest.created',
      'guest.removed',
      'session.created',
      'session.revoked',
    ])
    // Long after the feed has forgotten it.
    clock.advance(DAY)
    for (const auth of [one, two]) expect(await validityOf(auth, guest.token)).toBe('session_revoked')
  })

  it('survive a restart with their names, and a switch of the mode', async () => {
    const clock = new ManualClock()
    const one = await node({ clock })
    const guest = await newGuest(one)
    await one.close()
    for (const mode of ['stateless', 'stateful'] as const) {
      const next = await node({ clock, auth: { mode, accept: [mode] } })
      const answer = validationShape.parse(await (await get(next, '/session/validate', guest.token)).json())
      expect(answer).toMatchObject({ username: guest.username, player_uuid: guest.player_uuid })
      const player = { playerUuid: guest.player_uuid, username: guest.username, isGuest: true }
      expect(await next.api.guests.findByUsername({ username: guest.username })).toMatchObject(player)
      expect(await next.api.guests.findById(guest.player_uuid)).toMatchObject(player)
      expect((await send(next, 'POST', '/session/refresh', guest.token)).status).toBe(200)
    }
  })

  it('are all called differently, though two nodes make sixty-four of them at once', async () => {
    const nodes = [await node({ judged: false }), await node({ judged: false })]
    const guests = await Promise.all(
      Array.from({ length: 64 }, (_, index) => newGuest(nodes[index % 2] ?? nodes[0] ?? fail())),
    )
    expect(new Set(guests.map(({ username }) => username)).size).toBe(64)
    expect(new Set(guests.map(({ player_uuid }) => player_uuid)).size).toBe(64)
  })

  it('are not to be had where they are switched off, and those of before are refused', async () => {
    const clock = new ManualClock()
    const [on, off] = [await node({ clock }), await node({ clock, auth: { guests: { enabled: false } } })]
    const guest = await newGuest(on)
    for (const [method, path] of [
      ['POST', '/session'],
      ['DELETE', '/session'],
      ['GET', '/session/validate'],
      ['POST', '/session/refresh'],
      ['POST', '/session/upgrade'],
    ] as const) {
      expect([method, path, await codeOf(await send(off, method, path, guest.token))]).toEqual([
        method,
        path,
        'not_found',
      ])
    }
    for (const path of ['/auth/me', '/auth/verify']) {
      expect(await codeOf(await get(off, path, guest.token))).toBe('invalid_token')
    }
    await expect(off.api.guests.create()).rejects.toMatchObject({ code: 'not_found' })
    await expect(off.api.guests.validate({ token: guest.token })).rejects.toMatchObject({ code: 'invalid_token' })
    expect(await validityOf(on, guest.token)).toBe('200')
  })

  it('are limited for each address, and told so', async () => {
    const limits = { enabled: true, guests: { requests: 3, window: '1m' } }
    const auth = await stage.open({ config: { limits } })
    const left: (string | null)[] = []
    for (let request = 0; request < 3; request++) {
      const answer = await auth.request('/session', { method: 'POST' })
      expect(answer.headers.get('ratelimit-policy')).toBe('"guests";q=3;w=60')
      left.push(answer.headers.get('ratelimit'))
    }
    expect(left).toEqual(['"guests";r=2;t=60', '"guests";r=1;t=60', '"guests";r=0;t=60'])
    const refused = await auth.request('/session', { method: 'POST' })
    expect([await codeOf(refused), refused.headers.get('retry-after')]).toEqual(['rate_limited', '60'])
    // Neither signing in nor what guests do is counted with it.
    const { access_token } = await newcomer(auth)
    expect(await standingOf(auth, access_token)).toBe('200')
    auth.clock.advance(MINUTE)
    expect((await auth.request('/session', { method: 'POST' })).status).toBe(201)
  })
})

function fail(): never {
  throw new Error('there is no node')
}
