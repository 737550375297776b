import { afterEach, describe } from 'vitest'
import { openStorage, type StorageOptions } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { createSqliteFile, emptyPostgresDatabase, type TestDatabase } from './test-database.js'

/** Opens the database of the running test, empty at first; closed after it. */
export type OpenDatabase = (overrides?: Partial<StorageOptions>) => Promise<Storage>

export interface DatabaseUnderTest {
  readonly dialect: Storage['dialect']
  /** The url of the running test's database, for another process or a connection of one's own. */
  url(): Promise<string>
}

const DATABASES = [
  { dialect: 'sqlite', create: createSqliteFile },
  { dialect: 'postgres', create: emptyPostgresDatabase },
] as const satisfies { dialect: Storage['dialect']; create: () => Promise<TestDatabase> }[]

/** Runs one suite over a SQLite file and over PostgreSQL. Several `open()` within a test share its database. */
export function describeEachDatabase(
  title: string,
  suite: (open: OpenDatabase, database: DatabaseUnderTest) => void,
): void {
  describe.each(DATABASES)(`${title} on $dialect`, ({ dialect, create }) => {
    let database: Promise<TestDatabase> | undefined
    const opened: Storage[] = []
    const url = async () => {
      database ??= create()
      return (await database).url
    }

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()))
      await (await database)?.remove()
      database = undefined
    })

    const open: OpenDatabase = async (overrides = {}) => {
      const storage = await openStorage({
        url: await url(),
        directUrl: null,
        pool: { max: 10 },
        statementTimeout: 10_000,
        allowUnsafeDurability: false,
        production: false,
        ...overrides,
      })
      opened.push(storage)
      return storage
    }
    suite(open, { dialect, url })
  })
}
