import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { deleteEndedGuests } from '../../src/features/guests/guest-store.js'
import { deleteEndedBuckets } from '../../src/features/lockouts/lockout-store.js'
import { deleteEndedTokens } from '../../src/features/one-time-tokens/one-time-token-store.js'
import { deleteChanges } from '../../src/features/revocation/revocation-store.js'
import { deleteEndedSessions } from '../../src/features/sessions/session-clean-up.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import type { Queryable, Storage } from '../../src/storage/storage.js'
import { allTenants } from '../../src/storage/tenant-scope.js'
import { describeEachDatabase } from '../databases/each-database.js'

const ROWS = 3_000
const HOUR = 3_600_000
/** Many that live, and a few that ended long ago. */
const ENDED = 3

const CLEAN_UPS: [string, (tx: Queryable, storage: Storage) => Promise<number | readonly unknown[]>][] = [
  ['sessions', (tx, storage) => deleteEndedSessions(allTenants(), tx, storage, { ...BATCH, ended: 'expired' })],
  ['guests', (tx, storage) => deleteEndedGuests(allTenants(), tx, storage, BATCH)],
  ['changes', (tx, storage) => deleteChanges(allTenants(), tx, storage, BATCH.keep, BATCH.limit)],
  ['login_attempts', (tx, storage) => deleteEndedBuckets(allTenants(), tx, storage, BATCH.limit)],
  ['one_time_tokens', (tx, storage) => deleteEndedTokens(allTenants(), tx, storage, BATCH)],
]
const BATCH = { keep: HOUR, limit: 10 }

describeEachDatabase('Cleaning up, by the database’s own clock', (open, { dialect }) => {
  it.each(CLEAN_UPS)('%s: finds what ended, and reads no more than that', async (table, cleanUp) => {
    const storage = await open({ allowUnsafeDurability: true })
    await fill(storage)
    if (dialect === 'postgres') await sql`analyze`.execute(storage.db)
    await storage.transaction(async (tx) => {
      const gone = await cleanUp(tx, storage)
      expect(typeof gone === 'number' ? gone : gone.length).toBe(ENDED)
      if (dialect !== 'postgres') return
      const { rows } = await sql<{ read: number }>`
        select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as read
        from pg_stat_xact_user_tables where relname = ${table}`.execute(tx)
      expect(rows[0]?.read).toBeLessThan(10 * ENDED)
    })
  })
})

/** Rows of each kind, one of each for every number; the first few ended two days ago. */
async function fill({ db, dialect }: Storage): Promise<void> {
  const now = Date.now()
  const numbers =
    dialect === 'postgres'
      ? sql`(select generate_series(1, ${sql.lit(ROWS)}) as n) as numbers`
      : sql`(with recursive counting (n) as (select 1 union all select n + 1 from counting where n < ${sql.lit(ROWS)}) select n from counting) as numbers`
  const id = sql`('id' || cast(n as text))`
  const end = sql`(case when n <= ${sql.lit(ENDED)} then ${sql.lit(now - 48 * HOUR)} else ${sql.lit(now + 48 * HOUR)} end)`
  const salt = dialect === 'postgres' ? sql`decode(repeat('00', 32), 'hex')` : sql`zeroblob(32)`
  await sql`insert into users select ${id}, ${DEFAULT_TENANT_ID}, null, 0, 'u', null, 1, 1, null, 0, 0, null from ${numbers}`.execute(
    db,
  )
  await sql`insert into guests select ${id}, ${DEFAULT_TENANT_ID}, ${id}, ${end} from ${numbers}`.execute(db)
  await sql`insert into sessions
    select ${id}, ${DEFAULT_TENANT_ID}, ${id}, ${salt}, 1, 1, '', 1, 1, '["guest"]', 0, null, null, 0, 0, 0, ${end}, ${end}, null, null
    from ${numbers}`.execute(db)
  await sql`insert into changes (xid, kind, tenant_id, subject, created_at)
    select 1, 'session', ${DEFAULT_TENANT_ID}, 'x', ${end} from ${numbers}`.execute(db)
  await sql`insert into login_attempts
    select ${id}, 'pair', null, null, null, null, 0, 0, 0, 0, 0, 0, ${end} from ${numbers}`.execute(db)
  await sql`insert into one_time_tokens
    select ${id}, ${id}, ${DEFAULT_TENANT_ID}, 'magic_link', ${id}, '', 1, '{}', 0, ${end} from ${numbers}`.execute(db)
}
