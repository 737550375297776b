import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'
import { Browser } from '../flows/browser.js'
import { MINUTE } from '../flows/durations.js'
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

it('a JWT issued from what memory may still hold of its session does not keep the old facts', async () => {
  const { url, remove } = await emptyPostgresDatabase()
  onTestFinished(remove)
  const clock = new ManualClock()
  const auth = { mode: 'stateless', refresh: { reuseGrace: '5m' }, revocation: { maxStaleness: '1h' } } as const
  const node = await openNodeOfTest({ url, clock, auth })
  const browser = new Browser(node)
  const json = { email: newEmail(), password: PASSWORD, username: 'before', transport: 'cookie' }
  expect((await browser.send('POST', '/auth/register', { json })).status).toBe(201)
  const first = browser.value('session_id') ?? ''
  const { userId } = await node.api.verify({ accessToken: first })

  clock.advance(6 * MINUTE)
  expect(await (await browser.send('GET', '/auth/me')).json()).toMatchObject({ username: 'before' })
  // Another node's, and this one has not heard of it.
  await sql`update users set username = 'after' where id = ${userId}`.execute(node.storage.db)
  await sql`insert into changes (xid, kind, tenant_id, subject, created_at)
    select pg_current_xact_id()::text::bigint, 'claims', tenant_id, id, ${clock.now()} from users where id = ${userId}`.execute(
    node.storage.db,
  )
  clock.advance(4 * MINUTE)
  await browser.send('GET', '/auth/sessions')
  const renewed = browser.value('session_id') ?? ''
  expect(renewed).not.toBe(first)
  await node.sync()
  expect((await node.api.verify({ accessToken: renewed })).username).toBe('after')
})
