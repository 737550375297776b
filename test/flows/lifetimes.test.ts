import { expect, it } from 'vitest'
import { SessionActivity } from '../../src/features/sessions/session-activity.js'
import { toSession } from '../../src/features/sessions/session-store.js'
import { openStorage } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { DAY, HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, get, newcomer, refresh, signIn, standingOf, tokensOf } from './people.js'

/** Activity is written at most this often, and an idle session ends at most this late. */
const INTERVAL = MINUTE
const START = Date.UTC(2026, 0, 1)
const STORAGE = {
  directUrl: null,
  pool: { max: 2 },
  statementTimeout: 10_000,
  allowUnsafeDurability: true,
  production: false,
  migrate: false,
}

// ASVS 7.3.1, 7.3.2
describeEachAuth('How long things live', (stage) => {
  it('ends an idle access token no earlier than its life, and at most one interval later', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const other = await signIn(auth, person)
    auth.clock.advance(DAY + INTERVAL - 1)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    auth.clock.advance(1)
    expect(await standingOf(auth, other.access_token)).toBe('token_expired')
    // Once it is over, no use brings it back.
    expect(await standingOf(auth, other.access_token)).toBe('token_expired')
    expect(await standingOf(auth, person.access_token)).toBe('200')
  })

  it('keeps the interval to a tenth of a short life', async () => {
    const auth = await stage.open({ config: { auth: { session: { ttl: 10 * SECOND } } } })
    const person = await newcomer(auth)
    const other = await signIn(auth, person)
    auth.clock.advance(11 * SECOND - 1)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    auth.clock.advance(1)
    expect(await standingOf(auth, other.access_token)).toBe('token_expired')
  })

  it('does not come back to an idle access token by the refresh of its session', async () => {
    const auth = await stage.open()
    const [idle, used] = [await newcomer(auth), await newcomer(auth)]
    auth.clock.advance(DAY + INTERVAL - 1)
    expect(await standingOf(auth, used.access_token)).toBe('200')
    auth.clock.advance(1)
    for (const { refresh_token } of [idle, used]) expect((await refresh(auth, refresh_token)).status).toBe(200)
    expect(await standingOf(auth, idle.access_token)).toBe('token_expired')
    expect(await standingOf(auth, used.access_token)).toBe('200')
    // The family's pair is there for who asks again all the same.
    expect((await refresh(auth, idle.refresh_token)).status).toBe(200)
  })

  it('slides with activity', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    for (let step = 0; step < 5; step++) {
      auth.clock.advance(20 * HOUR)
      expect(await standingOf(auth, person.access_token)).toBe('200')
    }
    auth.clock.advance(DAY + INTERVAL)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
  })

  it('is not moved by a request that was refused', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    auth.clock.advance(20 * HOUR)
    const foreign = '019b0000-0000-7000-8000-00000000ffff'
    const headers = { authorization: `Bearer ${person.access_token}`, 'x-tenant-id': foreign }
    expect(await codeOf(await auth.request('/auth/me', { headers }))).toBe('forbidden')
    auth.clock.advance(4 * HOUR + INTERVAL)
    expect(await standingOf(auth, person.access_token)).toBe('token_expired')
  })

  it('ends the session at its absolute end, whatever its activity', async () => {
    const auth = await stage.open({ config: { auth: { session: { absoluteTtl: 3 * DAY } } } })
    const person = await newcomer(auth)
    let refreshToken = person.refresh_token
    for (let hour = 0; hour < 60; hour += 20) {
      auth.clock.advance(20 * HOUR)
      refreshToken = (await tokensOf(await refresh(auth, refreshToken))).refresh_token
    }
    auth.clock.advance(12 * HOUR - 1)
    const last = await tokensOf(await refresh(auth, refreshToken))
    expect(last.expires_at).toBe('2026-01-04T00:00:00.000Z')
    expect(last.session.expires_at).toBe('2026-01-04T00:00:00.000Z')
    expect(await standingOf(auth, last.access_token)).toBe('200')
    auth.clock.advance(1)
    expect(await standingOf(auth, last.access_token)).toBe('token_expired')
    expect(await codeOf(await refresh(auth, last.refresh_token))).toBe('token_expired')
  })

  it('lets an access token in use outlive its refresh token', async () => {
    const auth = await stage.open({ config: { auth: { session: { refreshTokenTtl: HOUR } } } })
    const person = await newcomer(auth)
    expect(person.session.expires_at).toBe('2026-01-02T00:00:00.000Z')
    auth.clock.advance(20 * HOUR)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('token_expired')
  })

  it('writes nothing while it reads', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const db = await stage.db()
    const rows = async () => [
      await db.selectFrom('sessions').selectAll().where('id', '=', person.session.id).execute(),
      await db.selectFrom('users').selectAll().where('id', '=', person.user_id).execute(),
      await db.selectFrom('audit_events').selectAll().where('user_id', '=', person.user_id).orderBy('id').execute(),
    ]
    const before = await rows()
    auth.clock.advance(HOUR)
    for (const path of ['/auth/me', '/users/me', '/auth/sessions', '/auth/verify', '/auth/csrf']) {
      expect((await get(auth, path, person.access_token)).status).toBe(200)
    }
    expect(await rows()).toEqual(before)
  })

  it('writes the activity of a session in use at most once an interval', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const storage = await openStorage({ ...STORAGE, url: stage.url() })
    let transactions = 0
    const counting: Storage = {
      ...storage,
      transaction(work) {
        transactions++
        return storage.transaction(work)
      },
    }
    const activity = new SessionActivity(counting, INTERVAL)
    const find = async () =>
      toSession(
        await storage.db
          .selectFrom('sessions')
          .selectAll()
          .where('id', '=', person.session.id)
          .executeTakeFirstOrThrow(),
      )
    let session = await find()
    const written: number[] = [session.lastActivity]
    // Ten minutes of a request each second, written as often as a server would.
    for (let second = 1; second <= 600; second++) {
      const now = START + second * SECOND
      activity.touch(session, now)
      expect(activity.lastActivity(session)).toBe(now)
      if (second % 5 !== 0) continue
      await activity.flush(now)
      session = await find()
      if (session.lastActivity !== written.at(-1)) written.push(session.lastActivity)
    }
    expect(written).toEqual(Array.from({ length: 11 }, (_, minute) => START + minute * INTERVAL))
    expect(transactions).toBe(10)
    await storage.close()
  })

  it('counts activity that is not written yet, and lets other nodes see it once it is', async () => {
    const [here, there] = [await stage.open(), await stage.open()]
    const later = (milliseconds: number) => {
      here.clock.advance(milliseconds)
      there.clock.advance(milliseconds)
    }
    const person = await newcomer(here)
    later(20 * HOUR)
    expect(await standingOf(here, person.access_token)).toBe('200')
    later(10 * HOUR)
    expect(await standingOf(here, person.access_token)).toBe('200')
    await here.flush()
    expect(await standingOf(there, person.access_token)).toBe('200')
    later(DAY + INTERVAL)
    expect(await standingOf(there, person.access_token)).toBe('token_expired')
    expect(await standingOf(here, person.access_token)).toBe('token_expired')
  })

  it('writes what is pending when the node closes', async () => {
    const auth = await stage.open({})
    const person = await newcomer(auth)
    auth.clock.advance(5 * SECOND)
    await auth.api.verify({ accessToken: person.access_token })
    await auth.close()
    const row = await (await stage.db())
      .selectFrom('sessions')
      .select('last_activity')
      .where('id', '=', person.session.id)
      .executeTakeFirstOrThrow()
    expect(row.last_activity).toBe(START + 5 * SECOND)
  })

  it('never moves the activity of a session back', async () => {
    const [ahead, behind] = [await stage.open(), await stage.open()]
    const person = await newcomer(ahead)
    behind.clock.advance(HOUR)
    ahead.clock.advance(2 * HOUR)
    await behind.api.verify({ accessToken: person.access_token })
    await ahead.api.verify({ accessToken: person.access_token })
    await ahead.flush()
    await behind.flush()
    const row = await (await stage.db())
      .selectFrom('sessions')
      .select('last_activity')
      .where('id', '=', person.session.id)
      .executeTakeFirstOrThrow()
    expect(row.last_activity).toBe(START + 2 * HOUR)
  })
})
