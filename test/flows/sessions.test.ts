import { expect, it } from 'vitest'
import { z } from 'zod'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf } from './audit-trail.js'
import { DAY, HOUR } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, get, newcomer, refresh, send, signIn, standingOf } from './people.js'

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'

const listShape = z.strictObject({
  sessions: z.array(
    z.strictObject({
      id: z.string(),
      current: z.boolean(),
      ip_address: z.string().nullable(),
      user_agent: z.string().nullable(),
      device: z.string(),
      last_activity: z.string(),
      created_at: z.string(),
      expires_at: z.string(),
      auth_methods: z.array(z.string()),
    }),
  ),
})

// ASVS 7.5.2, 8.2.2
describeEachAuth('The sessions of a user', (stage) => {
  it.each(['/auth', '/api/auth'])('lists them under %s with what a person recognises, newest first', async (base) => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    auth.clock.advance(HOUR)
    const firefox = await signIn(auth, person, {}, { 'user-agent': FIREFOX })
    auth.clock.advance(1)
    const curl = await signIn(auth, person, {}, { 'user-agent': 'curl/8.5.0' })

    const list = await listOf(auth, firefox.access_token, base)

    expect(list.map(({ id }) => id)).toEqual([curl, firefox, person].map(({ session }) => session.id))
    expect(list.map(({ current }) => current)).toEqual([false, true, false])
    expect(list.map(({ device }) => device)).toEqual(['curl', 'Firefox on Windows', 'Unknown device'])
    expect(list[1]).toMatchObject({
      ip_address: '127.0.0.1',
      user_agent: FIREFOX,
      created_at: '2026-01-01T01:00:00.000Z',
      expires_at: '2026-01-31T01:00:00.000Z',
      auth_methods: ['password'],
    })
  })

  it('keeps of a long User-Agent as much as it needs', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const long = await signIn(auth, person, {}, { 'user-agent': `x/1 ${'y'.repeat(5000)}` })
    expect(long.session.user_agent).toHaveLength(512)
  })

  it('shows activity that is not written yet', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    auth.clock.advance(5000)
    await listOf(auth, person.access_token)
    auth.clock.advance(1000)
    expect((await listOf(auth, person.access_token))[0]?.last_activity).toBe('2026-01-01T00:00:06.000Z')
  })

  it('ends one', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const other = await signIn(auth, person)
    const path = `/auth/sessions/${other.session.id}`

    const answer = await send(auth, 'DELETE', path, person.access_token)

    expect(answer.status).toBe(204)
    expect(await standingOf(auth, other.access_token)).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, other.refresh_token))).toBe('session_revoked')
    expect(await standingOf(auth, person.access_token)).toBe('200')
    expect((await listOf(auth, person.access_token)).map(({ id }) => id)).toEqual([person.session.id])
    const [event] = (await eventsOf(await stage.db(), { sessionId: other.session.id })).slice(-1)
    expect(event).toMatchObject({ type: 'session.revoked', actor_id: person.user_id, user_id: person.user_id })
    expect(JSON.parse(event?.data ?? '')).toEqual({ reason: 'user_request' })
    // It is not there a second time.
    expect(await codeOf(await send(auth, 'DELETE', path, person.access_token))).toBe('not_found')
  })

  it('ends its own', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const answer = await send(auth, 'DELETE', `/api/auth/sessions/${person.session.id}`, person.access_token)
    expect(answer.status).toBe(204)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
  })

  it('reports the session of somebody else as absent, and leaves it alone', async () => {
    const auth = await stage.open()
    const [victim, attacker] = [await newcomer(auth), await newcomer(auth)]
    const answer = await send(auth, 'DELETE', `/auth/sessions/${victim.session.id}`, attacker.access_token)
    expect(answer.status).toBe(404)
    expect(await codeOf(answer)).toBe('not_found')
    expect(await standingOf(auth, victim.access_token)).toBe('200')
  })

  it.each(['x', '%00', 'null', '..%2F..', "' or 1=1 --", '019b0000-0000-7000-8000-000000000001', '%F0%9F'])(
    'knows no session %s',
    async (id) => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const answer = await send(auth, 'DELETE', `/auth/sessions/${id}`, person.access_token)
      expect(answer.status).toBe(404)
      expect(await standingOf(auth, person.access_token)).toBe('200')
    },
  )

  it('ends all, or all but the one that asks, and counts them', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const stranger = await newcomer(auth)
    const others = [await signIn(auth, person), await signIn(auth, person)]

    const most = await send(auth, 'DELETE', '/auth/sessions?except=current', person.access_token)
    expect(await most.json()).toEqual({ revoked: 2 })
    for (const { access_token } of others) expect(await standingOf(auth, access_token)).toBe('session_revoked')
    expect(await standingOf(auth, person.access_token)).toBe('200')

    const none = await send(auth, 'DELETE', '/auth/sessions?except=current', person.access_token)
    expect(await none.json()).toEqual({ revoked: 0 })

    const all = await send(auth, 'DELETE', '/auth/sessions', person.access_token)
    expect(await all.json()).toEqual({ revoked: 1 })
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await standingOf(auth, stranger.access_token)).toBe('200')
  })

  it.each(['except=other', 'exept=current', 'except=', 'except=current&except=current'])(
    'refuses ?%s',
    async (query) => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const answer = await send(auth, 'DELETE', `/auth/sessions?${query}`, person.access_token)
      expect(await codeOf(answer)).toBe('invalid_request')
      expect(await standingOf(auth, person.access_token)).toBe('200')
    },
  )

  it('neither lists nor counts what is over', async () => {
    const auth = await stage.open({ config: { auth: { session: { absoluteTtl: 3 * DAY } } } })
    const person = await newcomer(auth)
    await signIn(auth, person, { remember: false })
    const loggedOut = await signIn(auth, person)
    await auth.api.logout({ accessToken: loggedOut.access_token })
    auth.clock.advance(2 * DAY)
    const late = await signIn(auth, person)
    // Idle with a refresh token that still works: not over. Idle without one: over.
    expect((await listOf(auth, late.access_token)).map(({ id }) => id)).toEqual([late.session.id, person.session.id])
    auth.clock.advance(DAY - 1)
    expect(await listOf(auth, late.access_token)).toHaveLength(2)
    auth.clock.advance(1)
    expect((await listOf(auth, late.access_token)).map(({ id }) => id)).toEqual([late.session.id])
    const answer = await send(auth, 'DELETE', '/auth/sessions', late.access_token)
    expect(await answer.json()).toEqual({ revoked: 1 })
  })
})

async function listOf(auth: TestAuth, token: string, base = '/auth') {
  const answer = await get(auth, `${base}/sessions`, token)
  expect(answer.status).toBe(200)
  return listShape.parse(await answer.json()).sessions
}
