// The look-ups of a session by the drivers alone. Argument: the addresses of stores that hold sessions.
import { createRequire } from 'node:module'
import { createClient } from '@redis/client'
import type { CompiledQuery } from 'kysely'
import { Pool } from 'pg'
import { z } from 'zod'
import type { Storage } from '../../src/storage/storage.js'
import { serveJobs, type Work } from '../load/subject.js'
import { built } from './built.js'

/** Characters of an entry in Redis: a sealed session is as long. */
const ENTRY_LENGTH = 1_200

/** `sessions`: how many a run looks up, as many as the program itself in one of its own. */
const { redis, postgres, sqlite, sessions } = z
  .object({ redis: z.string(), postgres: z.string(), sqlite: z.string(), sessions: z.int() })
  .parse(JSON.parse(process.argv[2] ?? ''))

await serveJobs({ redis: await redisWork(), postgres: await postgresWork(), sqlite: await sqliteWork() })

async function redisWork(): Promise<Work> {
  const client = createClient({ url: redis })
  await client.connect()
  const keys = Array.from({ length: sessions }, (_, number) => `sallyport-bench:raw:session:${number}`)
  await Promise.all(keys.map((key) => client.hSet(key, 'value', 'x'.repeat(ENTRY_LENGTH))))
  return { steps: sessions, step: async (index) => (await client.hGet(keys[index] ?? '', 'value')) !== null }
}

async function postgresWork(): Promise<Work> {
  const { text, ids } = await hotStatement(postgres)
  const pool = new Pool({ connectionString: postgres, max: 10 })
  return {
    steps: sessions,
    async step(index) {
      const values = ids[index % ids.length]
      return (await pool.query({ name: 'raw_look_up', text, values: [...(values ?? [])] })).rows.length === 1
    },
  }
}

async function sqliteWork(): Promise<Work> {
  const { text, ids } = await hotStatement(sqlite)
  const Libsql = createRequire(import.meta.url)('libsql')
  // A list of one row's values: the cheapest that it gives.
  const statement = new Libsql(sqlite.slice('sqlite:'.length)).prepare(text).raw()
  return { steps: sessions, step: (index) => statement.get(ids[index % ids.length]) !== undefined }
}

/** The statement with which the program looks a session up, and what to fill it with. */
async function hotStatement(url: string) {
  const { openStorage } = await built<typeof import('../../src/storage/open-storage.js')>('storage/open-storage.js')
  const { prepareFindSession } = await built<typeof import('../../src/features/sessions/session-lookup.js')>(
    'features/sessions/session-lookup.js',
  )
  const { createAccessService } = await built<typeof import('../../src/features/access/access-service.js')>(
    'features/access/access-service.js',
  )
  const { systemClock } = await built<typeof import('../../src/runtime/clock.js')>('runtime/clock.js')
  const storage = await openStorage({
    url,
    directUrl: null,
    pool: { max: 1 },
    statementTimeout: 10_000,
    allowUnsafeDurability: false,
    production: true,
    migrate: false,
  })
  let text = ''
  const listening: Storage = {
    ...storage,
    prepareOne(_name: string, query: CompiledQuery<unknown>) {
      text = query.sql
      return async () => null
    },
  }
  prepareFindSession({ storage: listening, roles: createAccessService(storage, systemClock).rolesColumn() }, false)
  const rows = await storage.db.selectFrom('sessions').select(['id', 'tenant_id']).limit(sessions).execute()
  await storage.close()
  return { text, ids: rows.map((row) => [row.id, row.tenant_id]) }
}
