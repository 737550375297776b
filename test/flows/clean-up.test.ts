import type { Kysely } from 'kysely'
import { expect, it } from 'vitest'
import { deleteEndedSessions, sweepSessions } from '../../src/features/sessions/session-clean-up.js'
import { uuidv7 } from '../../src/runtime/ids.js'
import { openStorage } from '../../src/storage/open-storage.js'
import type { Tables } from '../../src/storage/tables.js'
import { allTenants } from '../../src/storage/tenant-scope.js'
import { eventsOf, trailOf } from './audit-trail.js'
import { DAY, HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { newcomer, refresh, signIn, standingOf, tokensOf } from './people.js'
import { hideTable } from './refusing-database.js'

const SHORT = { auth: { session: { absoluteTtl: 2 * DAY } } }

describeEachAuth(
  'Cleaning up',
  (stage) => {
    it('removes a session a day after it ended, and keeps the others', async () => {
      const auth = await stage.open({ config: SHORT })
      const person = await newcomer(auth)
      const loggedOut = await signIn(auth, person)
      auth.clock.advance(HOUR)
      await auth.api.logout({ accessToken: loggedOut.access_token })
      const db = await stage.db()

      auth.clock.advance(DAY - 1)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([person.session.id, loggedOut.session.id].sort())
      // Its token is told what happened to it as long as it is there, and is unknown after.
      expect(await standingOf(auth, loggedOut.access_token)).toBe('session_revoked')
      auth.clock.advance(1)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([person.session.id])
      // Whether the node still remembers the end or not.
      expect(['invalid_token', 'session_revoked']).toContain(await standingOf(auth, loggedOut.access_token))

      auth.clock.advance(2 * DAY - HOUR - 1)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([person.session.id])
      auth.clock.advance(1)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([])
    })

    it('says of what ended by itself that it did, once, and of the rest nothing', async () => {
      const [here, there] = [await stage.open({ config: SHORT }), await stage.open({ config: SHORT })]
      const person = await newcomer(here)
      const loggedOut = await signIn(here, person)
      await here.api.logout({ accessToken: loggedOut.access_token })
      // Ended twice over: by its absolute end, and then by a late logout.
      const late = await signIn(here, person)
      const later = (milliseconds: number) => {
        for (const { clock } of [here, there]) clock.advance(milliseconds)
      }
      later(2 * DAY + HOUR)
      await here.api.logout({ accessToken: late.access_token })
      later(DAY - HOUR)
      await Promise.all([here.cleanUp(), there.cleanUp(), here.cleanUp()])
      await there.cleanUp()
      expect(await standingOf(here, late.access_token)).toBe('session_revoked')
      later(HOUR)
      await there.cleanUp()

      const db = await stage.db()
      expect(await trailOf(db, { sessionId: person.session.id })).toEqual([
        'login.succeeded',
        'session.created',
        'session.expired',
      ])
      for (const { session } of [loggedOut, late]) {
        expect(await trailOf(db, { sessionId: session.id })).not.toContain('session.expired')
      }
      expect(await idsIn(db)).toEqual([])
    })

    it('deletes in bounded batches, the oldest end first, until a backlog is gone', async () => {
      const auth = await stage.open({ config: SHORT })
      const { session } = await newcomer(auth)
      const db = await stage.db()
      await multiply(db, session.id, 1200)
      auth.clock.advance(4 * DAY)
      const storage = await openStorage({
        url: stage.url(),
        directUrl: null,
        pool: { max: 1 },
        statementTimeout: 10_000,
        allowUnsafeDurability: true,
        production: false,
        clock: auth.clock,
      })
      const options = { keep: DAY, limit: 100, ended: 'expired' } as const
      const batch = await storage.transaction((tx) => deleteEndedSessions(allTenants(), tx, storage, options))
      expect(batch).toHaveLength(100)
      await storage.close()

      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([])
    })

    it('removes a session a day after both of its tokens have ended, and keeps one in use', async () => {
      const auth = await stage.open({ config: { auth: { session: { ttl: '10h', refreshTokenTtl: '12h' } } } })
      const [idle, used, refreshed] = [await newcomer(auth), await newcomer(auth), await newcomer(auth)]
      const db = await stage.db()
      let token = refreshed.refresh_token
      for (let step = 0; step < 4; step++) {
        auth.clock.advance(9 * HOUR - 1)
        expect(await standingOf(auth, used.access_token)).toBe('200')
        await auth.flush()
        token = (await tokensOf(await refresh(auth, token))).refresh_token
      }
      auth.clock.advance(3)
      await auth.cleanUp()
      expect(await idsIn(db)).toHaveLength(3)
      auth.clock.advance(1)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([used.session.id, refreshed.session.id].sort())
      const [event] = (await eventsOf(db, { sessionId: idle.session.id })).filter(
        ({ type }) => type === 'session.expired',
      )
      expect(JSON.parse(event?.data ?? '')).toEqual({ ended_at: '2026-01-01T12:00:00.000Z' })
      expect(await standingOf(auth, used.access_token)).toBe('200')
      expect((await refresh(auth, token)).status).toBe(200)
    })

    it('looks at the sessions page by page, going on where the last look ended, and then from the start', async () => {
      const auth = await stage.open({ config: { auth: { session: { absoluteTtl: '365d' } } } })
      const { session } = await newcomer(auth)
      const db = await stage.db()
      await multiply(db, session.id, 200)
      auth.clock.advance(40 * DAY)
      const storage = await openStorage({
        url: stage.url(),
        directUrl: null,
        pool: { max: 1 },
        statementTimeout: 10_000,
        allowUnsafeDurability: true,
        production: false,
        clock: auth.clock,
      })
      const looks: (readonly [number, boolean])[] = []
      for (let look = 0; look < 4; look++) {
        const options = { keep: DAY, idle: DAY, limit: 80 }
        const { deleted, isThrough } = await storage.transaction((tx) =>
          sweepSessions(allTenants(), tx, storage, options),
        )
        looks.push([deleted.length, isThrough])
        // Whoever signs in meanwhile is met in the next round at the latest.
        if (look === 1) await newcomer(auth)
      }
      await storage.close()
      expect(looks).toEqual([
        [80, false],
        [80, false],
        [41, true],
        [0, true],
      ])
      expect(await idsIn(db)).toHaveLength(1)
    })

    it('leaves the work to whoever holds the lease, and takes it over once that has run out', async () => {
      const auth = await stage.open({ config: SHORT })
      await newcomer(auth)
      auth.clock.advance(4 * DAY)
      const db = await stage.db()
      const expires_at = auth.clock.now() + 5 * MINUTE
      await db
        .insertInto('leases')
        .values({ name: 'clean_up', holder: 'another node', expires_at, last_success_at: null })
        .execute()
      await auth.cleanUp()
      expect(await idsIn(db)).toHaveLength(1)
      auth.clock.advance(5 * MINUTE)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([])
      const lease = await db.selectFrom('leases').selectAll().executeTakeFirstOrThrow()
      expect(lease.last_success_at).toBe(auth.clock.now())
    })

    it('deletes nothing that it cannot record', async () => {
      const auth = await stage.open({ config: SHORT })
      await newcomer(auth)
      auth.clock.advance(4 * DAY)
      const db = await stage.db()
      const bringBack = await hideTable(db, 'audit_events')
      await expect(auth.cleanUp()).rejects.toThrow()
      expect(await idsIn(db)).toHaveLength(1)
      await bringBack()
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([])
    })
  },
  'test',
)

async function idsIn(db: Kysely<Tables>): Promise<readonly string[]> {
  const rows = await db.selectFrom('sessions').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** Copies of a session, each with an id and an end of its own. */
async function multiply(db: Kysely<Tables>, id: string, copies: number): Promise<void> {
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  for (let start = 0; start < copies; start += 100) {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      ...row,
      id: uuidv7(1),
      absolute_expires_at: row.absolute_expires_at - start - index,
    }))
    await db.insertInto('sessions').values(rows).execute()
  }
}
