import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStorage, type StorageOptions } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { startTcpProxy, type TcpProxy, type Verdict } from '../databases/tcp-proxy.js'
import { emptyPostgresDatabase, queryOn, runOn, type TestDatabase } from '../databases/test-database.js'

let database: TestDatabase
let proxy: TcpProxy
const opened: Storage[] = []

beforeEach(async () => {
  database = await emptyPostgresDatabase()
  const { hostname, port } = new URL(database.url)
  proxy = await startTcpProxy({ host: hostname, port: Number(port) })
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await proxy.close()
})

async function open(overrides: Partial<StorageOptions> = {}): Promise<Storage> {
  const url = new URL(database.url)
  url.port = String(proxy.port)
  const storage = await openStorage({
    url: url.href,
    directUrl: null,
    pool: { max: 3 },
    statementTimeout: 5000,
    allowUnsafeDurability: false,
    production: false,
    ...overrides,
  })
  opened.push(storage)
  return storage
}

const insert = (name: string) => (storage: Pick<Storage, 'db'>) =>
  storage.db.insertInto('settings').values({ name, value: '' }).execute()

async function storedNames(): Promise<string[]> {
  const { rows } = await queryOn(database.url, 'select name from settings order by name')
  return rows.map(({ name }) => String(name))
}

/** Ends the server's side of every other connection, as a failover or an administrator does. */
const terminateAll = () =>
  runOn(
    database.url,
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )

/** Cuts the first conversation that holds `text`, once. */
function once(verdict: Verdict, text: string) {
  let armed = true
  return (data: Buffer): Verdict => {
    if (!armed || !data.includes(text)) return 'pass'
    armed = false
    return verdict
  }
}

describe('a connection that PostgreSQL ended', () => {
  it('while it was idle is replaced without anybody noticing', async () => {
    const storage = await open()
    const prepared = storage.prepare('slugs', storage.db.selectFrom('tenants').select('slug').compile())
    for (let round = 0; round < 5; round++) {
      await Promise.all([prepared([]), prepared([]), prepared([])])
      await terminateAll()
      expect(await prepared([])).toEqual([{ slug: 'default' }])
      await terminateAll()
      await storage.transaction((tx) =>
        tx
          .insertInto('settings')
          .values({ name: `${round}`, value: '' })
          .execute(),
      )
    }
    expect(await storedNames()).toEqual(['0', '1', '2', '3', '4'])
  })

  it('in the middle of a transaction is replaced, and the transaction run again once', async () => {
    const storage = await open()
    let runs = 0
    await storage.transaction(async (tx) => {
      runs++
      await tx
        .insertInto('settings')
        .values({ name: `run ${runs}`, value: '' })
        .execute()
      if (runs === 1) await terminateAll()
      await tx.insertInto('settings').values({ name: 'second', value: '' }).execute()
    })
    expect(runs).toBe(2)
    expect(await storedNames()).toEqual(['run 2', 'second'])
  })

  it('just before COMMIT was sent counts as not committed', async () => {
    const storage = await open()
    let runs = 0
    await storage.transaction(async (tx) => {
      runs++
      await tx
        .insertInto('settings')
        .values({ name: `run ${runs}`, value: '' })
        .execute()
      if (runs > 1) return
      proxy.cutAll()
      await tx
        .selectFrom('settings')
        .selectAll()
        .execute()
        .catch(() => undefined)
    })
    expect(await storedNames()).toEqual(['run 2'])
  })
})

describe('a connection lost on the way', () => {
  it('with a read under way is replaced, and the read sent again', async () => {
    const storage = await open()
    proxy.watch(once('deaf', 'from "tenants"'))
    expect(await storage.db.selectFrom('tenants').select('slug').execute()).toEqual([{ slug: 'default' }])
    const prepared = storage.prepare('names', storage.db.selectFrom('tenants').select('name').compile())
    proxy.watch(once('cut', '"name"'))
    expect(await prepared([])).toEqual([{ name: 'Default' }])
  })

  it('between COMMIT and its answer leaves the outcome unknown: it is said, and nothing is sent again', async () => {
    const storage = await open()
    let runs = 0
    proxy.watch(once('deaf', 'commit\0'))
    const attempt = storage.transaction(async (tx) => {
      runs++
      await tx
        .insertInto('settings')
        .values({ name: `run ${runs}`, value: '' })
        .execute()
    })
    await expect(attempt).rejects.toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('may or may not'),
    })
    expect(runs).toBe(1)
    await expect.poll(storedNames, { timeout: 10_000 }).toEqual(['run 1'])
    await insert('after')(storage)
    expect(await storedNames()).toEqual(['after', 'run 1'])
  })

  it('with COMMIT is not tried again either, since it cannot be told from the former', async () => {
    const storage = await open()
    let runs = 0
    proxy.watch(once('cut', 'commit\0'))
    const attempt = storage.transaction(async (tx) => {
      runs++
      await tx
        .insertInto('settings')
        .values({ name: `run ${runs}`, value: '' })
        .execute()
    })
    await expect(attempt).rejects.toMatchObject({ code: 'unavailable' })
    expect(runs).toBe(1)
    expect(await storedNames()).toEqual([])
  })

  it('with a change outside a transaction is not tried again', async () => {
    const storage = await open()
    proxy.watch(once('deaf', 'insert into'))
    await expect(insert('once')(storage)).rejects.toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('may or may not'),
    })
    await expect.poll(storedNames, { timeout: 10_000 }).toEqual(['once'])
    await insert('again')(storage)
  })

  it('with a SELECT that locks, or a WITH that may change something, is not tried again', async () => {
    const storage = await open()
    const { db } = storage
    proxy.watch(once('deaf', 'for update'))
    await expect(db.selectFrom('tenants').selectAll().forUpdate().execute()).rejects.toMatchObject({
      code: 'unavailable',
    })
    proxy.watch(once('deaf', 'insert into'))
    const hidden = db
      .with('added', (qb) => qb.insertInto('settings').values({ name: 'hidden', value: '' }).returning('name'))
      .selectFrom('added')
      .selectAll()
    await expect(hidden.execute()).rejects.toMatchObject({ code: 'unavailable' })
    await expect.poll(storedNames, { timeout: 10_000 }).toEqual(['hidden'])
  })

  it('that only falls silent is given up after a bounded time, once, and replaced', async () => {
    const storage = await open({ statementTimeout: 1000 })
    let asked = 0
    proxy.watch((data) => {
      if (!data.includes('from "tenants"')) return 'pass'
      asked++
      return 'mute'
    })
    const silent = storage.db.selectFrom('tenants').selectAll().execute()
    await expect(silent).rejects.toMatchObject({ code: 'unavailable' })
    expect(asked).toBe(1)
    proxy.watch(() => 'pass')
    expect(await storage.db.selectFrom('tenants').select('slug').execute()).toHaveLength(1)
  })

  it('for good is `unavailable`, and nobody hears of hosts, ports or SQL', async () => {
    const storage = await open()
    await proxy.close()
    const uses = [
      () => storage.db.selectFrom('tenants').selectAll().execute(),
      () => storage.transaction(async () => undefined),
      () => storage.check(),
    ]
    for (const use of uses) {
      await expect(use()).rejects.toMatchObject({
        code: 'unavailable',
        detail: expect.not.stringMatching(/127|ECONN|select/),
      })
    }
  })
})

describe('a busy pool', () => {
  it('lets a caller wait for a bounded time, then says `unavailable`, and recovers', async () => {
    const storage = await open({ pool: { max: 1 }, statementTimeout: 1000 })
    let end: () => void = () => undefined
    let holding: Promise<void> | undefined
    await new Promise<void>((started) => {
      holding = storage.transaction(
        () =>
          new Promise<void>((resolve) => {
            end = resolve
            started()
          }),
      )
    })
    await expect(sql`select 1`.execute(storage.db)).rejects.toMatchObject({ code: 'unavailable' })
    end()
    await holding
    expect(await storage.db.selectFrom('tenants').select('slug').execute()).toHaveLength(1)
  })

  it('never opens more connections than it may', async () => {
    const storage = await open({ pool: { max: 2 } })
    const before = proxy.connections
    const prepared = storage.prepare('slugs', storage.db.selectFrom('tenants').select('slug').compile())
    await Promise.all(Array.from({ length: 100 }, () => prepared([])))
    expect(proxy.connections - before).toBeLessThanOrEqual(2)
  })

  it('tells a full server as `unavailable`', async () => {
    const role = `limited_${randomBytes(6).toString('hex')}`
    await runOn(database.url, `create role ${role} login password 'limited' connection limit 1`)
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'limited'
      const first = await open({ url: url.href, migrate: false })
      await expect(open({ url: url.href, migrate: false })).rejects.toMatchObject({ code: 'unavailable' })
      await sql`select 1`.execute(first.db)
    } finally {
      await Promise.all(opened.splice(0).map((storage) => storage.close()))
      await runOn(database.url, `drop role ${role}`)
    }
  })
})

describe('a statement', () => {
  it('that takes too long is ended by the server', async () => {
    const storage = await open({ statementTimeout: 1000 })
    await expect(sql`select pg_sleep(20)`.execute(storage.db)).rejects.toMatchObject({ code: 'unavailable' })
    const { rows } = await queryOn(
      database.url,
      "select 1 from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid()",
    )
    expect(rows).toEqual([])
    expect(await storage.db.selectFrom('tenants').select('slug').execute()).toHaveLength(1)
  })

  it('that failed and was swallowed does not let its transaction pass for committed', async () => {
    const storage = await open()
    const attempt = storage.transaction(async (tx) => {
      await tx.insertInto('settings').values({ name: 'a', value: '' }).execute()
      await sql`select 1/0`.execute(tx).catch(() => undefined)
    })
    await expect(attempt).rejects.toMatchObject({ code: 'internal' })
    expect(await storedNames()).toEqual([])
  })

  it('prepared before a migration widened its table works on', async () => {
    const storage = await open({ pool: { max: 1 } })
    const prepared = storage.prepare('settings', storage.db.selectFrom('settings').selectAll().compile())
    await insert('a')(storage)
    expect(await prepared([])).toEqual([{ name: 'a', value: '' }])
    await runOn(database.url, 'alter table settings add column extra int')
    expect(await prepared([])).toEqual([{ name: 'a', value: '', extra: null }])
  })

  it('that met a deadlock or a serialization failure is run again with its transaction', async () => {
    const storage = await open()
    for (const name of ['a', 'b']) await insert(name)(storage)
    let runs = 0
    let holding = 0
    let bothHold: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      bothHold = resolve
    })
    const cross = (first: string, second: string) =>
      storage.transaction(async (tx) => {
        runs++
        const touch = (name: string) =>
          tx.updateTable('settings').set({ value: first }).where('name', '=', name).execute()
        await touch(first)
        if (++holding === 2) bothHold()
        await held
        await touch(second)
      })
    await Promise.all([cross('a', 'b'), cross('b', 'a')])
    expect(runs).toBe(3)
  })
})

describe('a url that leads nowhere', () => {
  const wrong = (change: (url: URL) => void) => {
    const url = new URL(database.url)
    change(url)
    return url.href
  }

  it.each([
    [
      'a closed port',
      () => 'postgres://me:hunter2@127.0.0.1:1/none',
      /me:\*\*\*@127\.0\.0\.1:1\/none cannot be used: .*ECONNREFUSED/,
    ],
    [
      'an unknown host',
      () => 'postgres://me:hunter2@db.invalid/none',
      /db\.invalid\/none cannot be used: .*db\.invalid/,
    ],
    [
      'a wrong password',
      () =>
        wrong((url) => {
          url.password = 'hunter2'
        }),
      /cannot be used: password authentication failed/,
    ],
    [
      'an absent database',
      () =>
        wrong((url) => {
          url.pathname = '/absent'
        }),
      /cannot be used: database "absent" does not exist/,
    ],
  ])('says what is wrong, and never the password: %s', async (_, url, message) => {
    const failure = await open({ url: url() }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'unavailable', detail: expect.stringMatching(message) })
    expect(inspect(failure, { depth: 10 })).not.toContain('hunter2')
  })
})
