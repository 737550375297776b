import { expect, it } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { eventsOf, trailOf } from './audit-trail.js'
import { SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { jsonOf, newGuest, upgrade, upgraded, validityOf } from './guest-world.js'
import { type NodeOptions, openNodeOfTest } from './nodes.js'
import { codeOf, get, newcomer, newEmail, PASSWORD, post, refresh, send, standingOf } from './people.js'

describeEachAuth('A guest who gets an account', (stage) => {
  const node = (options: NodeOptions = {}) => openNodeOfTest({ url: stage.url(), ...options })

  it.each(['stateful', 'stateless'] as const)(
    'keeps id and name, and has another session, in %s mode',
    async (mode) => {
      const clock = new ManualClock()
      const [here, there] = [await node({ clock, auth: { mode } }), await node({ clock })]
      const guest = await newGuest(here)
      for (const auth of [here, there]) expect(await validityOf(auth, guest.token)).toBe('200')
      const email = newEmail()
      const account = await upgraded(await upgrade(here, guest.token, email))
      expect(account.user).toMatchObject({
        id: guest.player_uuid,
        username: guest.username,
        email,
        roles: ['viewer'],
        is_guest: false,
      })
      const me = await jsonOf(await get(here, '/auth/me', account.access_token))
      expect(me).toMatchObject({ id: guest.player_uuid, is_guest: false, auth_methods: ['password'] })
      expect(me['session_id']).not.toBe(guest.session_id)
      expect(await standingOf(there, account.access_token)).toBe('200')
      expect((await refresh(here, account.refresh_token)).status).toBe(200)

      expect(await validityOf(here, guest.token)).toBe('session_revoked')
      clock.advance(2 * SECOND + 1)
      for (const auth of [here, there]) {
        for (const path of ['/session/validate', '/auth/me', '/auth/verify']) {
          expect(await codeOf(await get(auth, path, guest.token))).toBe('session_revoked')
        }
      }
      expect(await codeOf(await send(there, 'POST', '/session/refresh', guest.token))).toBe('session_revoked')
      expect(await codeOf(await upgrade(there, guest.token))).toBe('session_revoked')
      expect(await validityOf(here, account.access_token)).toBe('invalid_token')
      expect((await post(there, '/auth/login', { email, password: PASSWORD })).status).toBe(200)
      for (const { api } of [here, there]) {
        const player = { playerUuid: guest.player_uuid, username: guest.username, isGuest: false }
        expect(await api.guests.findById(guest.player_uuid)).toMatchObject(player)
        expect(await api.guests.findByUsername({ username: guest.username })).toMatchObject(player)
      }
    },
  )

  it('is told of in the audit log', async () => {
    const auth = await stage.open()
    const guest = await newGuest(auth)
    await upgraded(await upgrade(auth, guest.token))
    const db = await stage.db()
    expect(await trailOf(db, { userId: guest.player_uuid })).toEqual(
      [
        'guest.created',
        'session.created',
        'session.revoked',
        'role.granted',
        'session.created',
        'login.succeeded',
        'guest.upgraded',
      ].sort(),
    )
    const events = await eventsOf(db, { userId: guest.player_uuid })
    const one = events.find(({ type }) => type === 'guest.upgraded')
    expect(JSON.parse(String(one?.data))).toEqual({ from_session: guest.session_id })
    const ended = events.find(({ type }) => type === 'session.revoked')
    expect(JSON.parse(String(ended?.data))).toEqual({ reason: 'guest_upgraded', guest: true })
  })

  it('cannot have an address that is taken, and is then as before', async () => {
    const auth = await stage.open()
    const owner = await newcomer(auth)
    const guest = await newGuest(auth)
    const db = await stage.db()
    const all = async () => ({
      user: await db.selectFrom('users').selectAll().where('id', '=', guest.player_uuid).executeTakeFirst(),
      sessions: await db.selectFrom('sessions').selectAll().where('user_id', '=', guest.player_uuid).execute(),
      events: await trailOf(db, { userId: guest.player_uuid }),
    })
    const before = await all()
    for (const email of [owner.email, owner.email.toUpperCase()]) {
      expect(await codeOf(await upgrade(auth, guest.token, email))).toBe('email_taken')
    }
    expect(await codeOf(await upgrade(auth, guest.token, newEmail(), 'short'))).toBe('weak_password')
    expect(await codeOf(await upgrade(auth, guest.token, 'nobody'))).toBe('invalid_request')
    expect(await all()).toEqual(before)
    expect(await validityOf(auth, guest.token)).toBe('200')
    expect(await standingOf(auth, owner.access_token)).toBe('200')
    expect((await upgrade(auth, guest.token)).status).toBe(200)
  })

  it('gets it once, however many ask at once on two nodes', async () => {
    const nodes = [await node({ judged: false }), await node({ judged: false })] as const
    for (let round = 0; round < 3; round++) {
      const guest = await newGuest(nodes[0])
      const emails = Array.from({ length: 6 }, newEmail)
      const answers = await Promise.all(
        emails.map((email, index) => upgrade(nodes[index % 2 === 0 ? 0 : 1], guest.token, email)),
      )
      const codes = await Promise.all(answers.map(async (answer) => (answer.status === 200 ? '200' : codeOf(answer))))
      expect(codes.filter((code) => code === '200')).toHaveLength(1)
      expect(new Set(codes)).toEqual(new Set(['200', 'session_revoked']))
      const db = await stage.db()
      const user = await db
        .selectFrom('users')
        .selectAll()
        .where('id', '=', guest.player_uuid)
        .executeTakeFirstOrThrow()
      expect(user).toMatchObject({ email: emails[codes.indexOf('200')], is_guest: 0, username: guest.username })
      const sessions = await db.selectFrom('sessions').selectAll().where('user_id', '=', guest.player_uuid).execute()
      expect(sessions.filter(({ revoked_at }) => revoked_at === null)).toHaveLength(1)
    }
  })

  it('competes for an address with other guests and with who registers: one gets it, the others stay as they were', async () => {
    const nodes = [await node({ judged: false }), await node({ judged: false })] as const
    const email = newEmail()
    const guests = await Promise.all([newGuest(nodes[0]), newGuest(nodes[1]), newGuest(nodes[0])])
    const [registered, ...answers] = await Promise.all([
      post(nodes[1], '/auth/register', { email, password: PASSWORD }),
      ...guests.map(({ token }, index) => upgrade(nodes[index % 2 === 0 ? 1 : 0], token, email)),
    ])
    const won = [registered, ...answers].filter(({ status }) => status < 300)
    expect(won).toHaveLength(1)
    for (const [index, answer] of answers.entries()) {
      const isWinner = answer.status === 200
      if (!isWinner) expect(await codeOf(answer)).toBe('email_taken')
      const standing = isWinner ? 'session_revoked' : '200'
      expect(await validityOf(nodes[index % 2 === 0 ? 1 : 0], guests[index]?.token ?? '')).toBe(standing)
    }
  })

  it('either has it or is gone, where an end races it', async () => {
    const nodes = [await node({ judged: false }), await node({ judged: false })] as const
    for (let round = 0; round < 6; round++) {
      const guest = await newGuest(nodes[0])
      const [ended, given] = await Promise.all([
        send(nodes[round % 2 === 0 ? 0 : 1], 'DELETE', '/session', guest.token),
        upgrade(nodes[0], guest.token),
      ])
      const outcome = [ended.status, given.status]
      expect([
        [204, 401],
        [401, 200],
      ]).toContainEqual(outcome)
      const player = await nodes[1].api.guests.findById(guest.player_uuid)
      expect(player?.isGuest ?? null).toBe(given.status === 200 ? false : null)
    }
  })

  it('does not get one where registration is not open, nor once an administrator has shut the guest out', async () => {
    const closed = await stage.open({ config: { auth: { registration: 'closed' } } })
    const guest = await newGuest(closed)
    expect(await codeOf(await upgrade(closed, guest.token))).toBe('forbidden')
    expect(await validityOf(closed, guest.token)).toBe('200')
    const auth = await stage.open({})
    const banned = await newGuest(auth)
    await auth.api.users.disable(banned.player_uuid)
    expect(await codeOf(await upgrade(auth, banned.token))).toBe('session_revoked')
    for (const path of ['/session/validate', '/auth/me', '/auth/verify']) {
      expect(await codeOf(await get(auth, path, banned.token))).toBe('session_revoked')
    }
    await auth.api.users.enable(banned.player_uuid)
    expect(await validityOf(auth, banned.token)).toBe('session_revoked')
  })

  it('may take another name, and leaves the one that was given to nobody', async () => {
    const auth = await stage.open()
    const guest = await newGuest(auth)
    const { access_token } = await upgraded(await upgrade(auth, guest.token))
    expect((await send(auth, 'PATCH', '/auth/me', access_token, { username: 'Ada' })).status).toBe(200)
    expect(await auth.api.guests.findByUsername({ username: guest.username })).toBeNull()
    expect(await auth.api.guests.findById(guest.player_uuid)).toMatchObject({ username: 'Ada', isGuest: false })
  })

  it('is served by the library alike', async () => {
    const auth = await stage.open()
    const { guests } = auth.api
    const guest = await guests.create({}, { ipAddress: '192.0.2.7', userAgent: 'a game' })
    const valid = await guests.validate({ token: guest.token })
    expect(valid).toMatchObject({
      sessionId: guest.sessionId,
      playerUuid: guest.playerUuid,
      expiresAt: guest.expiresAt,
    })
    const next = await guests.refresh({ token: guest.token })
    expect(next).toMatchObject({ sessionId: guest.sessionId, username: guest.username })
    const email = newEmail()
    const signedIn = await guests.upgrade({ token: next.token, email, password: PASSWORD })
    expect(signedIn).toMatchObject({
      userId: guest.playerUuid,
      user: { email, isGuest: false, username: guest.username },
    })
    await expect(guests.validate({ token: next.token })).rejects.toMatchObject({ code: 'session_revoked' })
    await expect(guests.validate({ token: signedIn.accessToken })).rejects.toMatchObject({ code: 'invalid_token' })
    await expect(guests.end({ token: 'x' })).rejects.toMatchObject({ code: 'invalid_token' })
    const other = await guests.create()
    await guests.end({ token: other.token })
    expect(await guests.findById(other.playerUuid)).toBeNull()
    expect(await guests.findById('nobody')).toBeNull()
  })
})
