import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { openStorage } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import type { Tables } from '../../src/storage/tables.js'
import { createTestAuth, type TestAuth, type TestAuthOptions } from '../../src/testing/index.js'
import { createSqliteFile, emptyPostgresDatabase, type TestDatabase } from '../databases/test-database.js'
import { noteExchange } from '../secrets/exchange.js'
import { recorded } from '../secrets/record.js'
import { judgeAnswer } from './judge-answer.js'

/** What a story plays on: one database, and as many nodes over it as it opens. */
export interface Stage {
  readonly dialect: Storage['dialect']
  /**
   * A node over the database. Every answer of its `request` is judged. The first one of a test that asks for nothing
   * special is shared with the tests before, its clock set back to the start; any other is new, and closed with its test.
   */
  open(options?: TestAuthOptions): Promise<TestAuth>
  /** The rows behind the nodes, over a connection of the test's own. */
  db(): Promise<Kysely<Tables>>
  url(): string
}

const START = Date.UTC(2026, 0, 1)

const DATABASES = [
  { dialect: 'sqlite', create: createSqliteFile },
  { dialect: 'postgres', create: emptyPostgresDatabase },
] as const satisfies { dialect: Storage['dialect']; create: () => Promise<TestDatabase> }[]

/**
 * Tells one story over a SQLite file and over PostgreSQL.
 * @param per `suite`: its tests share one database and use accounts of their own; `test`: each starts with an empty one
 */
export function describeEachAuth(title: string, suite: (stage: Stage) => void, per: 'suite' | 'test' = 'suite'): void {
  describe.each(DATABASES)(`${title} on $dialect`, ({ dialect, create }) => {
    let database: TestDatabase | undefined
    let ordinary: TestAuth | undefined
    let isTaken = false
    const closers: (() => Promise<void>)[] = []
    const make = async () => {
      database = await create()
    }
    const strike = async () => {
      await ordinary?.close()
      await database?.remove()
      ordinary = database = undefined
    }
    if (per === 'suite') {
      beforeAll(make)
      afterAll(strike)
    } else {
      beforeEach(make)
    }
    afterEach(async () => {
      await Promise.all(closers.splice(0).map((close) => close()))
      isTaken = false
      if (per === 'test') await strike()
    })

    const url = () => {
      if (database === undefined) throw new Error('There is no database outside a test.')
      return database.url
    }
    const node = async ({ config = {}, ...rest }: TestAuthOptions) => {
      // The server of the tests keeps nothing over a crash, which a production start would refuse.
      const storage = { allowUnsafeDurability: true, ...config.storage, url: url() }
      const auth = await createTestAuth({ ...rest, logger: recorded(rest.logger), config: { ...config, storage } })
      return { ...auth, request: judged(auth) }
    }
    suite({
      dialect,
      url,
      async open(options) {
        if (options === undefined && !isTaken) {
          isTaken = true
          ordinary ??= await node({})
          ordinary.clock.advance(START - ordinary.clock.now())
          return ordinary
        }
        const auth = await node(options ?? {})
        closers.push(() => auth.close())
        return auth
      },
      async db() {
        const storage = await openStorage({
          url: url(),
          directUrl: null,
          pool: { max: 4 },
          statementTimeout: 10_000,
          allowUnsafeDurability: true,
          production: false,
          migrate: false,
        })
        closers.push(() => storage.close())
        return storage.db
      },
    })
  })
}

/** `request`, with every answer held against the document and, where it is a refusal, against the rules for those. */
function judged(auth: TestAuth): TestAuth['request'] {
  return async (path, init = {}) => {
    const answer = await auth.request(path, init)
    await noteExchange(init, answer)
    await judgeAnswer(auth.openapi(), init.method ?? 'GET', path, answer)
    return answer
  }
}
