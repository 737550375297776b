import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStorage, type StorageOptions } from '../../src/storage/open-storage.js'
import { SqliteHandle } from '../../src/storage/sqlite/sqlite-handle.js'
import type { Storage } from '../../src/storage/storage.js'

let folder: string
let file: string
const opened: Storage[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'))
  file = join(folder, 'deep', 'er', 'test.db')
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  rmSync(folder, { recursive: true, force: true })
})

async function open(overrides: Partial<StorageOptions> = {}): Promise<Storage> {
  const storage = await openStorage({
    url: `sqlite:${file}`,
    directUrl: null,
    pool: { max: 10 },
    statementTimeout: 2000,
    allowUnsafeDurability: false,
    production: false,
    ...overrides,
  })
  opened.push(storage)
  return storage
}

const modeOf = (path: string) => statSync(path).mode & 0o777
const insert = ({ db }: Storage, name: string) => db.insertInto('settings').values({ name, value: '' }).execute()

describe('a SQLite file', () => {
  it('is made with its folders, for its owner alone, and so are the files beside it', async () => {
    await insert(await open(), 'a')
    expect(modeOf(join(folder, 'deep'))).toBe(0o700)
    for (const path of [file, `${file}-wal`, `${file}-shm`]) expect(modeOf(path)).toBe(0o600)
  })

  it('that the world could read is closed to it; what its group may is left alone', async () => {
    await (await open()).close()
    chmodSync(file, 0o664)
    await open()
    expect(modeOf(file)).toBe(0o660)
  })

  it('is left whole when it is closed: nothing waits in the WAL', async () => {
    const storage = await open()
    await insert(storage, 'a')
    await storage.close()
    expect(existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0).toBe(0)
    const again = await open()
    expect(await again.db.selectFrom('settings').select('name').execute()).toEqual([{ name: 'a' }])
  })

  it('that is no database is refused with its name, and left as it was', async () => {
    file = join(folder, 'letter.txt')
    writeFileSync(file, 'Dear reader, '.repeat(100))
    await expect(open()).rejects.toThrow(/letter\.txt cannot be used: file is not a database/)
    expect(readFileSync(file, 'utf8')).toBe('Dear reader, '.repeat(100))
  })

  it('that cannot be made is refused with its name', async () => {
    writeFileSync(join(folder, 'deep'), '')
    await expect(open()).rejects.toThrow(file)
  })
})

describe('durability and defence', () => {
  it.each([
    ['journal_mode', 'wal'],
    // The rest of FULL is done beside the event loop: sqlite-journal.test.ts.
    ['synchronous', 1],
    ['foreign_keys', 1],
    ['trusted_schema', 0],
  ])('PRAGMA %s is %s', async (name, value) => {
    const { db } = await open()
    const { rows } = await sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(db)
    expect(rows).toEqual([{ [name]: value }])
  })
})

describe("another process's write lock", () => {
  let other: SqliteHandle

  afterEach(() => other.close())

  it('is waited for while the event loop goes on', async () => {
    const storage = await open()
    other = new SqliteHandle(file)
    other.run('BEGIN IMMEDIATE')
    const writes = [insert(storage, 'a'), storage.transaction(async (tx) => insert({ ...storage, db: tx }, 'b'))]
    let turns = 0
    // The lock ends after turns of this very event loop: were it held up, nothing would ever end it.
    const ticking = setInterval(() => {
      if (++turns === 5) other.run('ROLLBACK')
    }, 5)
    await Promise.all(writes)
    clearInterval(ticking)
    expect(turns).toBeGreaterThanOrEqual(5)
    expect(await storage.db.selectFrom('settings').select('name').execute()).toHaveLength(2)
  })

  it('is waited for a bounded time; then it is `unavailable`, and nothing was done', async () => {
    const storage = await open({ statementTimeout: 50 })
    other = new SqliteHandle(file)
    other.run('BEGIN IMMEDIATE')
    await expect(insert(storage, 'a')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(storage.transaction(async (tx) => insert({ ...storage, db: tx }, 'b'))).rejects.toMatchObject({
      code: 'unavailable',
    })
    other.run('ROLLBACK')
    // What waited in vain must not hold on to the database as it was.
    const count = async () => (await storage.db.selectFrom('settings').select('name').execute()).length
    for (const expected of [0, 1, 2]) {
      expect(await count()).toBe(expected)
      other.run(`INSERT INTO settings VALUES ('other ${expected}', '')`)
    }
    await insert(storage, 'c')
    expect(await count()).toBe(4)
  })
})

describe('the check', () => {
  it('passes, and neither writes nor grows anything', async () => {
    const storage = await open()
    const before = statSync(`${file}-wal`).size
    for (let n = 0; n < 20; n++) await storage.check()
    expect(statSync(`${file}-wal`).size).toBe(before)
    expect(await storage.db.selectFrom('settings').selectAll().execute()).toEqual([])
  })

  it('passes in memory', async () => {
    const storage = await open({ url: 'sqlite::memory:' })
    await storage.check()
  })

  it('fails when the file was removed or replaced under us', async () => {
    const storage = await open()
    renameSync(file, `${file}.away`)
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
    writeFileSync(file, '')
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
    rmSync(file)
    renameSync(`${file}.away`, file)
    await storage.check()
  })

  it('fails while nobody may write', async () => {
    const storage = await open()
    await sql`PRAGMA query_only = ON`.execute(storage.db)
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
    await expect(insert(storage, 'a')).rejects.toMatchObject({ code: 'unavailable' })
    await sql`PRAGMA query_only = OFF`.execute(storage.db)
    await storage.check()
  })

  it('fails when the disk is full, as writes then do, and the store goes on when there is room again', async () => {
    const storage = await open()
    const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(storage.db)
    await sql.raw(`PRAGMA max_page_count = ${rows[0]?.page_count ?? 0}`).execute(storage.db)
    const large = () =>
      storage.transaction((tx) =>
        tx
          .insertInto('settings')
          .values({ name: 'large', value: 'x'.repeat(100_000) })
          .execute(),
      )
    await expect(large()).rejects.toMatchObject({ code: 'unavailable' })
    await sql`PRAGMA max_page_count = 1000000`.execute(storage.db)
    await large()
    expect(await storage.db.selectFrom('settings').select('name').execute()).toEqual([{ name: 'large' }])
  })
})

describe('a database in memory', () => {
  it('is its own, and gone when it is closed', async () => {
    const url = 'sqlite::memory:'
    const [one, two] = [await open({ url }), await open({ url })]
    await insert(one, 'a')
    expect(await two.db.selectFrom('settings').selectAll().execute()).toEqual([])
  })
})
