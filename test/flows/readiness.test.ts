import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { DAY, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { newcomer, standingOf } from './people.js'
import { hideTable } from './refusing-database.js'

const READY = { database: 'ok', cache: 'disabled', signing_keys: 'ok', cleanup: 'ok' }

describeEachAuth(
  'Readiness',
  (stage) => {
    it('says that the node lives and can serve', async () => {
      const auth = await stage.open()
      const live = await auth.request('/health/live')
      expect([live.status, await live.json()]).toEqual([200, { status: 'live' }])
      expect(await readiness(auth)).toEqual([200, { status: 'ready', checks: READY }])
    })

    it('fails on a database that takes no writes, lives on, and recovers', async () => {
      const auth = await stage.open()
      // What each probe looks at.
      const bringBack = await hideTable(await stage.db(), stage.dialect === 'sqlite' ? 'settings' : 'sessions')
      expect(await readiness(auth)).toEqual([503, notReady({ database: 'failing' })])
      expect((await auth.request('/health/live')).status).toBe(200)
      await bringBack()
      expect(await readiness(auth)).toEqual([200, { status: 'ready', checks: READY }])
    })

    it('fails on a key that cannot be opened, keeps the one it has, and recovers', async () => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const db = await stage.db()
      const ofSessions = db.updateTable('keys').where('purpose', '=', 'session')
      const { sealed } = await db
        .selectFrom('keys')
        .select('sealed')
        .where('purpose', '=', 'session')
        .executeTakeFirstOrThrow()
      await ofSessions.set({ sealed: new Uint8Array(60) }).execute()
      expect(await readiness(auth)).toEqual([503, notReady({ signing_keys: 'failing' })])
      expect(await standingOf(auth, person.access_token)).toBe('200')
      await ofSessions.set({ sealed }).execute()
      expect(await readiness(auth)).toEqual([200, { status: 'ready', checks: READY }])
    })

    it('fails where no key can derive tokens, and recovers', async () => {
      const auth = await stage.open()
      const db = await stage.db()
      const ofSessions = db.updateTable('keys').where('purpose', '=', 'session')
      await ofSessions.set({ status: 'retired' }).execute()
      expect(await readiness(auth)).toEqual([503, notReady({ signing_keys: 'failing' })])
      await ofSessions.set({ status: 'active' }).execute()
      expect(await readiness(auth)).toEqual([200, { status: 'ready', checks: READY }])
    })

    it('fails where nothing was cleaned up for three intervals, and recovers with the first that succeeds', async () => {
      const auth = await stage.open({ config: { auth: { session: { absoluteTtl: DAY } } } })
      await newcomer(auth)
      auth.clock.advance(3 * DAY)
      // What ended cannot be recorded, so nothing is deleted.
      const bringBack = await hideTable(await stage.db(), 'audit_events')
      await expect(auth.cleanUp()).rejects.toThrow()
      expect(await readiness(auth)).toEqual([503, notReady({ cleanup: 'failing' })])
      await bringBack()
      auth.clock.advance(5 * MINUTE)
      await auth.cleanUp()
      expect(await readiness(auth)).toEqual([200, { status: 'ready', checks: READY }])
      auth.clock.advance(16 * MINUTE - 2_000)
      expect(await readiness(auth)).toEqual([200, { status: 'ready', checks: READY }])
      auth.clock.advance(1)
      expect(await readiness(auth)).toEqual([503, notReady({ cleanup: 'failing' })])
    })

    it('answers every caller without a secret, as a refusal of the database does', async () => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      await hideTable(await stage.db(), 'sessions')
      const answer = await auth.request('/auth/me', { headers: { authorization: `Bearer ${person.access_token}` } })
      expect(answer.status).toBeGreaterThanOrEqual(500)
    })
  },
  'test',
)

function notReady(failing: Partial<typeof READY>) {
  return { status: 'not_ready', checks: { ...READY, ...failing } }
}

async function readiness(auth: TestAuth): Promise<[number, unknown]> {
  // What was found is kept for a second.
  auth.clock.advance(1_000)
  const answer = await auth.request('/health/ready')
  return [answer.status, await answer.json()]
}
