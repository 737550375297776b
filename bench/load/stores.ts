import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../test/databases/start-postgres.js'
import { type RedisServer, startRedis } from '../../test/redis/redis-server.js'

export interface Stores {
  /** A path in a folder of their own. */
  file(name: string): string
  /** A new database of that name. */
  database(name: string): Promise<string>
  readonly redis: RedisServer
  stop(): Promise<void>
}

/** A real PostgreSQL and a real Redis on loopback, with nothing in them, and a folder for SQLite. */
export async function startStores(): Promise<Stores> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const postgres = await startPostgres({ settings: { shared_buffers: '128MB' } })
  const redis = await startRedis()
  return {
    file: (name) => join(folder, name),
    async database(name) {
      const { Client } = await import('pg')
      const client = new Client({ connectionString: postgres.url() })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return postgres.url(name)
    },
    redis,
    async stop() {
      await redis.dispose()
      await postgres.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
