import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openStorage, type StorageOptions } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { type PostgresServer, startPostgres } from '../databases/start-postgres.js'
import { createPostgresDatabase, runOn, type TestDatabase } from '../databases/test-database.js'

let server: PostgresServer
let database: TestDatabase
const opened: Storage[] = []

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.dispose())

beforeEach(async () => {
  database = await createPostgresDatabase(server.url())
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await database.remove()
})

async function open(overrides: Partial<StorageOptions> = {}): Promise<Storage> {
  const storage = await openStorage({
    url: database.url,
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

const insert = ({ db }: Pick<Storage, 'db'>, name: string) =>
  db.insertInto('settings').values({ name, value: '' }).execute()

describe('a server that goes away', () => {
  it.each(['stop', 'kill'] as const)('by %s and comes back is used again, and keeps what was answered', async (how) => {
    const storage = await open()
    const names = storage.prepare('names', storage.db.selectFrom('settings').select('name').orderBy('name').compile())
    await insert(storage, 'before')
    await names([])
    await server[how]()
    await expect(names([])).rejects.toMatchObject({ code: 'unavailable' })
    await expect(storage.transaction((tx) => insert({ db: tx }, 'never'))).rejects.toMatchObject({
      code: 'unavailable',
    })
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
    await server.restart()
    await storage.check()
    await storage.transaction((tx) => insert({ db: tx }, 'after'))
    expect(await names([])).toEqual([{ name: 'after' }, { name: 'before' }])
  })

  it('between two calls is not noticed by reads and transactions', async () => {
    const storage = await open()
    const names = storage.prepare('names', storage.db.selectFrom('settings').select('name').compile())
    await Promise.all([names([]), names([]), names([])])
    await server.stop()
    await server.restart()
    expect(await names([])).toEqual([])
    await storage.transaction((tx) => insert({ db: tx }, 'a'))
    expect(await names([])).toEqual([{ name: 'a' }])
  })
})

describe('a server that takes no writes', () => {
  it('fails the check while reads go on', async () => {
    const storage = await open({ pool: { max: 1 } })
    const name = new URL(database.url).pathname.slice(1)
    await runOn(server.url(), `alter database ${name} set default_transaction_read_only = on`)
    const readOnly = await open({ pool: { max: 1 } })
    expect(await readOnly.db.selectFrom('tenants').select('slug').execute()).toHaveLength(1)
    await expect(readOnly.check()).rejects.toMatchObject({ code: 'unavailable' })
    await expect(insert(readOnly, 'a')).rejects.toMatchObject({ code: 'unavailable' })
    await runOn(server.url(), `alter database ${name} reset default_transaction_read_only`)
    // The connection that met the refusal was thrown away, as after a failover.
    await readOnly.check()
    await storage.check()
  })
})

describe('a server that may lose what it answered', () => {
  const unsafe = async (setting: string) => {
    const name = new URL(database.url).pathname.slice(1)
    await runOn(server.url(), `alter database ${name} set ${setting}`)
  }

  it('is warned of', async () => {
    const warnings: string[] = []
    await unsafe('synchronous_commit = off')
    await open({ logger: { warn: (_, message) => warnings.push(message) } })
    expect(warnings).toEqual([expect.stringContaining('synchronous_commit=off')])
  })

  it('is refused in production unless allowed by name', async () => {
    await unsafe('synchronous_commit = off')
    await expect(open({ production: true })).rejects.toThrow(/synchronous_commit=off.*allow_unsafe_durability/)
    const warnings: string[] = []
    await open({
      production: true,
      allowUnsafeDurability: true,
      logger: { warn: (_, message) => warnings.push(message) },
    })
    expect(warnings).toHaveLength(1)
  })

  it('because of fsync=off is refused alike', async () => {
    const careless = await startPostgres({ settings: { fsync: 'off', full_page_writes: 'off' } })
    try {
      await expect(open({ url: careless.url(), production: true })).rejects.toThrow(/fsync=off, full_page_writes=off/)
    } finally {
      await careless.dispose()
    }
  })

  it('is not spoken of when it is safe', async () => {
    const warnings: string[] = []
    await open({ production: true, logger: { warn: (_, message) => warnings.push(message) } })
    expect(warnings).toEqual([])
  })
})

describe('a database of another encoding', () => {
  it('is refused', async () => {
    await runOn(server.url(), "create database latin encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'")
    await expect(open({ url: server.url('latin') })).rejects.toThrow(/LATIN1.*UTF8/)
  })
})

describe('migrations', () => {
  it('go by the direct url where there is one', async () => {
    const nowhere = 'postgres://me:hunter2@127.0.0.1:1/nothing'
    await expect(open({ directUrl: nowhere })).rejects.toMatchObject({ code: 'unavailable' })
    await open({ directUrl: database.url })
    // Up to date: there is nothing to do over it.
    await open({ directUrl: nowhere })
  })

  it('need no right to change the schema where there is nothing to do', async () => {
    await open()
    await runOn(database.url, "create role serving login password 'serving'")
    await runOn(database.url, 'grant select, insert, update, delete on all tables in schema public to serving')
    const url = new URL(database.url)
    url.username = 'serving'
    url.password = 'serving'
    const storage = await open({ url: url.href })
    await storage.check()
    await insert(storage, 'a')
    await storage.close()
    await runOn(database.url, 'drop owned by serving')
    await runOn(database.url, 'drop role serving')
  })
})
