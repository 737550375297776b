import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'
import { openNodeOfTest } from '../flows/nodes.js'
import { newEmail, PASSWORD } from '../flows/people.js'

const auth = { mode: 'stateless' } as const

it('a JWT issued between a change of its account and the commit of that change does not keep the old facts', async () => {
  const { url, remove } = await emptyPostgresDatabase()
  onTestFinished(remove)
  const clock = new ManualClock()
  const [a, b] = [await openNodeOfTest({ url, clock, auth }), await openNodeOfTest({ url, clock, auth })]
  const { userId, refreshToken } = await a.api.register({ email: newEmail(), password: PASSWORD, username: 'before' })

  let wrote = () => {}
  const written = new Promise<void>((resolve) => {
    wrote = resolve
  })
  let commit = () => {}
  const committed = b.storage.transaction(async (tx) => {
    await tx.updateTable('users').set({ username: 'after' }).where('id', '=', userId).execute()
    await sql`insert into changes (xid, kind, tenant_id, subject, created_at)
      select pg_current_xact_id()::text::bigint, 'claims', tenant_id, id, ${clock.now()} from users where id = ${userId}`.execute(
      tx,
    )
    wrote()
    await new Promise<void>((resolve) => {
      commit = resolve
    })
  })
  await written
  clock.advance(5_000)
  const { accessToken } = await a.api.refresh({ refreshToken })
  expect((await a.api.verify({ accessToken })).username).toBe('before')
  commit()
  await committed
  await a.sync()
  expect((await a.api.verify({ accessToken })).username).toBe('after')
})
