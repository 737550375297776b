import { startPostgres } from '../test/databases/start-postgres.js'
import { Deployment } from '../test/faults/deployment.js'
import { type ProgramProcess, untilReady } from '../test/faults/server-process.js'
import { startRedis } from '../test/redis/redis-server.js'

export type Mode = 'stateful' | 'stateless'
/** `redis`: PostgreSQL with a Redis beside it. */
export type Dialect = 'postgres' | 'redis' | 'sqlite'

export interface Servers {
  readonly urls: readonly string[]
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** The built program as so many processes on one new database, as in production but for hashes, limits and log. */
export async function startServers(dialect: Dialect, mode: Mode, count: number): Promise<Servers> {
  const postgres = dialect === 'sqlite' ? null : await startPostgres()
  const redis = dialect === 'redis' ? await startRedis() : null
  const deployment = new Deployment({
    ...(postgres !== null && { databaseUrl: postgres.url() }),
    mode,
    config: {
      ...(redis !== null && { redis: { url: redis.url } }),
      log: { level: 'warn', format: 'json' },
      auth: {
        hash_queue: { max: 1000, deadline: '60s' },
        password: { argon2id: { memory: 64, iterations: 1 } },
      },
    },
  })
  const processes: ProgramProcess[] = []
  const urls: string[] = []
  for (let node = 0; node < count; node++) {
    // Elsewhere it watches its own transactions, which every request would pay for.
    const server = deployment.serve({ env: { NODE_ENV: 'production' } })
    processes.push(server)
    const url = await server.url()
    await untilReady(url)
    urls.push(url)
  }
  return {
    urls,
    pids: processes.map(({ pid }) => pid),
    async stop() {
      const ended = processes.filter(({ isRunning }) => !isRunning)
      for (const { output } of ended) console.error(`A server ended by itself: ${output.slice(-4000)}`)
      await deployment.stop()
      await deployment.remove()
      await redis?.dispose()
      await postgres?.dispose()
    },
  }
}
