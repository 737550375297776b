import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { countLiveSessions } from '../../src/features/sessions/session-count-store.js'
import { openStorage } from '../../src/storage/open-storage.js'
import { allTenants, oneTenant } from '../../src/storage/tenant-scope.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { newcomer } from './people.js'

const DOUBLINGS = 12
const ALL = 2 ** DOUBLINGS
const SMALL = { pages: 16, rows: 200 }
const LARGE = { pages: 1_000_000, rows: 1_000_000 }

/** A table of many sessions, half of them over. */
async function crowd(stage: Stage) {
  const auth = await stage.open({ config: {} })
  const { session, user } = await newcomer(auth)
  const db = await stage.db()
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', session.id).executeTakeFirstOrThrow()
  const columns = Object.keys(row).filter((name) => name !== 'id')
  const rest = sql.join(columns.map((name) => sql.ref(name)))
  const id = stage.dialect === 'postgres' ? sql`gen_random_uuid()::text` : sql`lower(hex(randomblob(16)))`
  for (let time = 1; time <= DOUBLINGS; time++) {
    await sql`insert into sessions (id, ${rest}) select ${id}, ${rest} from sessions`.execute(db)
  }
  // Random ids: every second session, wherever it stands in the table.
  const middle = db
    .selectFrom('sessions')
    .select('id')
    .orderBy('id')
    .offset(ALL / 2)
    .limit(1)
  await db.updateTable('sessions').set({ absolute_expires_at: 1 }).where('id', '>=', middle).execute()
  const storage = await openStorage({
    url: stage.url(),
    directUrl: null,
    pool: { max: 1 },
    statementTimeout: 10_000,
    allowUnsafeDurability: true,
    production: false,
    clock: auth.clock,
  })
  onTestFinished(() => storage.close())
  return { storage, tenantId: user.tenant_id }
}

describeEachAuth(
  'Counting the sessions that live',
  (stage) => {
    it('is exact while the table is small, and within some per cent from a bounded part of a large one', async () => {
      const { storage, tenantId } = await crowd(stage)
      const count = (most: typeof SMALL) => countLiveSessions(allTenants(), storage.db, storage, 0, most)
      expect(await count(LARGE)).toBe(ALL / 2)
      const estimate = await count(SMALL)
      expect(Math.abs(estimate - ALL / 2)).toBeLessThan(0.2 * ALL)
      // The figure moves with the sessions, not with the sample.
      expect(await count(SMALL)).toBe(estimate)
      const ofTenant = (id: string) => countLiveSessions(oneTenant(id), storage.db, storage, 0, LARGE)
      expect(await ofTenant(tenantId)).toBe(ALL / 2)
      expect(await ofTenant('another')).toBe(0)
    })
  },
  'test',
)
