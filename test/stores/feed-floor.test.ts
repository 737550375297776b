import { sql } from 'kysely'
import { expect, it, onTestFinished, vi } from 'vitest'
import { floorOf } from '../../src/features/revocation/revocation-service.js'
import { insertChanges, prepareReadFeed } from '../../src/features/revocation/revocation-store.js'
import { openStorage } from '../../src/storage/open-storage.js'
import { allTenants } from '../../src/storage/tenant-scope.js'
import { createSqliteFile, emptyPostgresDatabase } from '../databases/test-database.js'

/** Milliseconds. */
const WAIT = { timeout: 20_000, interval: 20 }

const change = (subject: string) => [{ kind: 'session', tenantId: 't', subject }] as const

it.each([
  ['sqlite', createSqliteFile],
  ['postgres', emptyPostgresDatabase],
] as const)(
  '%s: a read has every change below its floor, and none that was committed after it',
  async (_dialect, create) => {
    const database = await create()
    onTestFinished(() => database.remove())
    const open = async () => {
      const storage = await openStorage({
        url: database.url,
        directUrl: null,
        pool: { max: 4 },
        statementTimeout: 10_000,
        allowUnsafeDurability: true,
        production: false,
      })
      onTestFinished(() => storage.close())
      return storage
    }
    const [storage, slow] = [await open(), await open()]
    const floor = async () => {
      const { rows } = await sql<{ floor: number }>`select ${floorOf(storage)} as floor`.execute(storage.db)
      return rows[0]?.floor ?? Number.NaN
    }
    const write = (subject: string) =>
      storage.transaction((tx) => insertChanges(allTenants(), tx, storage, change(subject)))
    const markOf = async (subject: string) => {
      const { changes } = await prepareReadFeed(allTenants(), storage, 60_000)(null)
      return changes.find((found) => found.subject === subject)?.mark ?? Number.NaN
    }

    await write('before')
    let during = Number.NaN
    if (storage.dialect === 'postgres') {
      // Others commit while it is open, so that their numbers lie above its own.
      await slow.transaction(async (tx) => {
        await insertChanges(allTenants(), tx, slow, change('slow'))
        await write('quick')
        // Transactions of other databases hold the floor of the whole server down while they last.
        const before = await markOf('before')
        await vi.waitFor(async () => {
          during = await floor()
          expect(during).toBeGreaterThan(before)
        }, WAIT)
      })
      expect(during).toBeLessThanOrEqual(await markOf('slow'))
    }
    let between = Number.NaN
    await vi.waitFor(async () => {
      between = await floor()
      expect(between).toBeGreaterThan(await markOf('before'))
    }, WAIT)
    await write('after')
    expect(between).toBeLessThanOrEqual(await markOf('after'))
    await vi.waitFor(async () => expect(await floor()).toBeGreaterThan(await markOf('after')), WAIT)
  },
)
