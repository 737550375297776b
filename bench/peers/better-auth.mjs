// better-auth as its own guide sets it up, over the drivers that the program itself uses.
import { createRequire } from 'node:module'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { SqliteDialect } from 'kysely'

const require = createRequire(import.meta.url)

/**
 * @param {{ url: string, redis: string | null, cookieCache: boolean, cheapHash: boolean, baseURL: string, migrate: boolean }} options
 *   `url`: `sqlite:<file>` or `postgres://…`; with `redis` sessions are kept there alone, as is its default;
 *   `cheapHash` where the hash is not what is measured
 */
export async function createBetterAuth({ url, redis, cookieCache, cheapHash, baseURL, migrate }) {
  const options = {
    baseURL,
    secret: 'a secret for benchmarks, never for anything else',
    database: url.startsWith('postgres') ? postgres(url) : sqlite(url.slice('sqlite:'.length)),
    ...(redis !== null && { secondaryStorage: await redisStorage(redis) }),
    session: { cookieCache: { enabled: cookieCache, maxAge: 3600 } },
    emailAndPassword: { enabled: true, ...(cheapHash && { password: NO_HASH }) },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: 'error' },
  }
  if (migrate) await (await getMigrations(options)).runMigrations()
  return betterAuth(options)
}

const NO_HASH = {
  hash: async (password) => password,
  verify: async ({ hash, password }) => hash === password,
}

/** The same engine and the same durability as the program's. */
function sqlite(file) {
  const Libsql = require('libsql')
  const database = new Libsql(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return { dialect: new SqliteDialect({ database }), type: 'sqlite', transaction: true }
}

function postgres(url) {
  const { Pool } = require('pg')
  return new Pool({ connectionString: url, max: 10 })
}

async function redisStorage(url) {
  const { createClient } = await import('redis')
  const client = createClient({ url })
  await client.connect()
  return {
    get: (key) => client.get(key),
    set: async (key, value, ttl) => {
      await (ttl ? client.set(key, value, { expiration: { type: 'EX', value: ttl } }) : client.set(key, value))
    },
    delete: async (key) => {
      await client.del(key)
    },
  }
}

/** The cookies that an answer sets, as a browser sends them back. @param {Headers} headers */
export function cookiesOf(headers) {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}
