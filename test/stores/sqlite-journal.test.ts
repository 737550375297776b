import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { UNANSWERED, UNKNOWN_OUTCOME } from '../../src/storage/database-error.js'
import { openStorage } from '../../src/storage/open-storage.js'
import { hasSpareThread, SqliteJournal } from '../../src/storage/sqlite/sqlite-journal.js'
import type { Storage } from '../../src/storage/storage.js'

let folder: string
let storage: Storage
/** The syncs of every file that is open. */
let datasync: MockInstance<() => Promise<void>>

beforeEach(async () => {
  vi.stubEnv('UV_THREADPOOL_SIZE', '1024')
  folder = mkdtempSync(join(tmpdir(), 'sallyport-journal-'))
  storage = await openStorage({
    url: `sqlite:${join(folder, 'db')}`,
    directUrl: null,
    pool: { max: 1 },
    statementTimeout: 5_000,
    allowUnsafeDurability: false,
    production: false,
  })
  const any = await open(join(folder, 'db'))
  const files: { datasync(): Promise<void> } = Object.getPrototypeOf(any)
  datasync = vi.spyOn(files, 'datasync')
  await any.close()
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await storage.close()
  rmSync(folder, { recursive: true })
})

const note = (name: string) =>
  storage.transaction((tx) => tx.insertInto('settings').values({ name, value: '' }).execute())
const notes = async () => (await storage.db.selectFrom('settings').select('name').orderBy('name').execute()).length

/** Holds up every sync until it is told how that one ends. */
function disk() {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  datasync.mockImplementation(() => new Promise((resolve, reject) => waiting.push({ resolve, reject })))
  return waiting
}

describe('A commit on SQLite', () => {
  it('is answered once it is on the disk, and holds up the event loop no more than the readers of what it wrote', async () => {
    const syncs = disk()
    const done: string[] = []
    const writing = note('a').then(() => done.push('writer'))
    await vi.waitFor(() => expect(syncs).toHaveLength(1))
    const reading = notes().then((count) => done.push(`reader of ${count}`))
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toEqual([])
    syncs[0]?.resolve()
    await Promise.all([writing, reading])
    expect(done).toEqual(['writer', 'reader of 1'])
  })

  it('shares the sync with those that came during the one before', async () => {
    const syncs = disk()
    const first = note('first')
    await vi.waitFor(() => expect(syncs).toHaveLength(1))
    const others = ['a', 'b', 'c', 'd'].map(note)
    syncs[0]?.resolve()
    await first
    await vi.waitFor(() => expect(syncs).toHaveLength(2))
    syncs[1]?.resolve()
    await Promise.all(others)
    expect(syncs).toHaveLength(2)
  })

  it('whose sync fails may be kept or not, and nothing is committed behind it until the file is opened anew', async () => {
    const syncs = disk()
    const all = Promise.allSettled(['a', 'b'].map(note))
    await vi.waitFor(() => expect(syncs).toHaveLength(1))
    syncs[0]?.reject(new Error('EIO: i/o error, fdatasync'))
    for (const each of await all) {
      expect(each).toMatchObject({ reason: { code: 'unavailable', detail: UNKNOWN_OUTCOME } })
    }
    datasync.mockResolvedValue(undefined)
    await expect(note('c')).rejects.toMatchObject({ code: 'unavailable', detail: UNANSWERED })
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
    expect(await notes()).toBe(2)
  })

  it.each([
    [undefined, 2, true],
    [undefined, 4, false],
    ['16', 14, true],
    ['8', 8, false],
  ])('with a pool of %s threads on %i cores leaves the event loop alone: %s', (size, cores, expected) => {
    expect(hasSpareThread(size, cores)).toBe(expected)
  })

  it.each([true, false])(
    'reaches the disk whichever thread waits for it (beside the event loop: %s)',
    async (isBeside) => {
      const file = await open(join(folder, 'db-wal'), 'r+')
      const journal = new SqliteJournal(file, isBeside)
      await journal.sync()
      journal.assertSound()
      await journal.close()
      await expect(journal.sync()).rejects.toMatchObject({ code: 'unavailable', detail: UNKNOWN_OUTCOME })
      expect(() => journal.assertSound()).toThrow(UNANSWERED)
    },
  )
})
