import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UNKNOWN_OUTCOME } from '../../src/storage/database-error.js'
import { SqliteConnection } from '../../src/storage/sqlite/sqlite-connection.js'
import { SqliteHandle } from '../../src/storage/sqlite/sqlite-handle.js'

let folder: string
let handle: SqliteHandle
let connection: SqliteConnection
/** Another process's view: what is committed. */
let outside: SqliteHandle

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-group-'))
  handle = new SqliteHandle(join(folder, 'db'))
  handle.run('PRAGMA journal_mode = WAL')
  handle.run('CREATE TABLE notes (name TEXT PRIMARY KEY)')
  connection = new SqliteConnection(handle, 10_000)
  outside = new SqliteHandle(join(folder, 'db'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  outside.close()
  await connection.close()
  rmSync(folder, { recursive: true })
})

const names = (of: SqliteHandle) =>
  of.execute<{ name: string }>('SELECT name FROM notes ORDER BY name', []).rows.map(({ name }) => name)

async function note(name: string): Promise<readonly string[]> {
  await connection.begin()
  try {
    await connection.execute('INSERT INTO notes (name) VALUES (?)', [name])
  } catch (error) {
    await connection.rollback()
    throw error
  }
  await connection.commit()
  return names(outside)
}

const read = async () =>
  (await connection.alone<{ name: string }>('SELECT name FROM notes ORDER BY name', [])).rows.map(({ name }) => name)

const statements = () => vi.spyOn(handle, 'run')
const outcomes = (work: readonly Promise<unknown>[]) =>
  Promise.allSettled(work).then((all) => all.map(({ status }) => status))

describe('Transactions of one process on SQLite', () => {
  it('that wait for each other share a commit, and each is answered when it is on the disk', async () => {
    const run = statements()
    const seen = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(note))
    expect(seen).toEqual(Array(5).fill(['a', 'b', 'c', 'd', 'e']))
    expect(run.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1)
  })

  it('commit by themselves where nobody waits', async () => {
    const run = statements()
    expect(await note('a')).toEqual(['a'])
    expect(await note('b')).toEqual(['a', 'b'])
    expect(run.mock.calls.map(([sql]) => sql)).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'BEGIN IMMEDIATE', 'COMMIT'])
  })

  it('wait for no endless row of others', async () => {
    const run = statements()
    await Promise.all(Array.from({ length: 100 }, (_, index) => note(`note ${index}`)))
    expect(names(outside)).toHaveLength(100)
    expect(run.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(7)
  })

  it('wait for no endless row of others that fail, nor do readers and the event loop', async () => {
    await note('taken')
    const order: string[] = []
    const then = (name: string) => () => void order.push(name)
    setImmediate(then('loop'))
    const failing = () => Array.from({ length: 1000 }, () => note('taken').catch(then('failed')))
    await Promise.all([note('a').then(then('a')), ...failing(), read().then(then('reader')), ...failing()])
    expect(order.indexOf('a')).toBeLessThan(20)
    expect(order.indexOf('loop')).toBeLessThan(1000)
    expect(order.indexOf('reader')).toBeLessThan(1040)
  })

  it.each([0, 1, 2, 3])('are undone one by one: the failure of number %i takes nobody with it', async (failing) => {
    await note('taken')
    const wanted = ['a', 'b', 'c', 'd'].map((name, index) => (index === failing ? 'taken' : name))
    expect(await outcomes(wanted.map(note))).toEqual(
      wanted.map((name) => (name === 'taken' ? 'rejected' : 'fulfilled')),
    )
    expect(names(outside)).toEqual([...new Set([...wanted, 'taken'])].sort())
    expect(await note('later')).toContain('later')
  })

  it('are all told where their commit failed, and nothing of them is there', async () => {
    const original = handle.run.bind(handle)
    const run = statements().mockImplementation((sql) => {
      if (sql === 'COMMIT') throw Object.assign(new Error('disk'), { code: 'SQLITE_IOERR_FSYNC' })
      original(sql)
    })
    const all = await Promise.allSettled(['a', 'b', 'c'].map(note))
    // What failed to reach the disk may be found there after a crash.
    for (const each of all) expect(each).toMatchObject({ reason: { code: 'unavailable', detail: UNKNOWN_OUTCOME } })
    expect(names(handle)).toEqual([])
    run.mockRestore()
    expect(await note('d')).toEqual(['d'])
  })

  it('are all told where SQLite has rolled back by itself', async () => {
    const rollBack = async () => {
      await connection.begin()
      handle.run('ROLLBACK')
      await connection.commit()
    }
    expect(await outcomes([note('a'), rollBack(), note('b')])).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(names(outside)).toEqual(['b'])
    expect(await outcomes([rollBack(), note('c'), note('d')])).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(names(outside)).toEqual(['b', 'c', 'd'])
  })

  it('may be repeated where the failure of another one has undone them', async () => {
    const full = async () => {
      await connection.begin()
      handle.run('ROLLBACK')
      await connection.rollback()
    }
    const [first] = await Promise.allSettled([note('a'), full()])
    expect(first).toMatchObject({ reason: { code: 'unavailable', repeatable: true } })

    handle.run('PRAGMA foreign_keys = ON')
    handle.run('CREATE TABLE lines (note TEXT REFERENCES notes (name) DEFERRABLE INITIALLY DEFERRED)')
    const orphan = () => connection.alone("INSERT INTO lines (note) VALUES ('none')", [])
    await expect(orphan()).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
    for (const each of await Promise.allSettled([note('b'), orphan(), note('c')])) {
      expect(each).toMatchObject({ reason: { code: 'unavailable', repeatable: true } })
    }
    expect(names(outside)).toEqual([])
  })

  it('are answered after the commit where they were undone, too: they saw the work of the others', async () => {
    const order: string[] = []
    const original = handle.run.bind(handle)
    const run = statements().mockImplementation((sql) => {
      if (sql === 'COMMIT') order.push(sql)
      original(sql)
    })
    await Promise.allSettled([note('a'), note('a').catch(() => order.push('taken')), note('b')])
    expect(order).toEqual(['COMMIT', 'taken'])
    run.mockImplementation((sql) => {
      if (sql === 'COMMIT') throw Object.assign(new Error('disk'), { code: 'SQLITE_IOERR_FSYNC' })
      original(sql)
    })
    const [, second] = await Promise.allSettled([note('c'), note('c'), note('d')])
    expect(second).toMatchObject({ reason: { code: 'unavailable', repeatable: false } })
  })

  it('show no reader what is not committed', async () => {
    const original = handle.run.bind(handle)
    const run = statements().mockImplementation((sql) => {
      if (sql === 'COMMIT') throw Object.assign(new Error('disk'), { code: 'SQLITE_IOERR_FSYNC' })
      original(sql)
    })
    const writes = outcomes(['a', 'b'].map(note))
    const seen = read()
    const more = outcomes([note('c')])
    expect(await seen).toEqual([])
    expect([...(await writes), ...(await more)]).toEqual(['rejected', 'rejected', 'rejected'])
    run.mockRestore()
    expect(await read()).toEqual([])
  })

  it('take a statement by itself with them', async () => {
    const run = statements()
    const alone = (name: string) => connection.alone('INSERT INTO notes (name) VALUES (?)', [name])
    expect(await outcomes([alone('a'), note('b'), alone('a'), alone('c')])).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(names(outside)).toEqual(['a', 'b', 'c'])
    expect(run.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1)
  })

  it('let the event loop have its turn between them', async () => {
    const busy = async (name: string) => {
      await connection.begin()
      for (const end = performance.now() + 5; performance.now() < end; );
      await connection.execute('INSERT INTO notes (name) VALUES (?)', [name])
      await connection.commit()
    }
    const order: string[] = []
    setImmediate(() => order.push('loop'))
    await Promise.all(Array.from({ length: 40 }, (_, index) => busy(`${index}`).then(() => order.push('work'))))
    expect(order.indexOf('loop')).toBeLessThan(20)
  })

  it('let it have its turn, too, where one comes after the other and nobody waits', async () => {
    let turns = 0
    const turn = () => {
      turns++
      pending = setImmediate(turn)
    }
    let pending = setImmediate(turn)
    const end = performance.now() + 100
    for (let index = 0; performance.now() < end; index++) await note(`note ${index}`)
    clearImmediate(pending)
    expect(turns).toBeGreaterThan(1)
  })

  it('leave no lock behind where the database is closed in the midst of one', async () => {
    await connection.begin()
    await connection.execute("INSERT INTO notes (name) VALUES ('a')", [])
    connection.close()
    outside.run("INSERT INTO notes (name) VALUES ('b')")
    expect(names(outside)).toEqual(['b'])
  })
})
