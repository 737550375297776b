import { Deployment } from '../../test/faults/deployment.js'
import { type ProgramProcess, untilReady } from '../../test/faults/server-process.js'

export type Mode = 'stateful' | 'stateless'

export interface Servers {
  readonly urls: readonly string[]
  readonly pids: readonly number[]
  /** One more process on the same database. */
  another(): Promise<{ readonly url: string; readonly pid: number }>
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly mode: Mode
  /** How many processes on one database. Default: 1. */
  readonly count?: number
  /** Default: a SQLite file of their own. */
  readonly databaseUrl?: string
  readonly redis?: string
  /** The hash that is the default of the configuration, in place of the cheapest. */
  readonly realHash?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Further configuration, as YAML has it. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** The built program as in production, but for limits and log, and for hashes where they are not what is measured. */
export async function startServers(options: ServerOptions): Promise<Servers> {
  const { mode, count = 1, databaseUrl, redis, realHash = false, env = {}, config = {} } = options
  const deployment = new Deployment({
    ...(databaseUrl !== undefined && { databaseUrl }),
    mode,
    config: {
      log: { level: 'warn', format: 'json' },
      ...config,
      ...(redis !== undefined && { redis: { url: redis } }),
      auth: realHash
        ? {}
        : {
            hash_queue: { max: 1000, deadline: '60s' },
            password: { argon2id: { memory: 64, iterations: 1 } },
          },
    },
  })
  const processes: ProgramProcess[] = []
  const urls: string[] = []
  const start = async () => {
    // Elsewhere it watches its own transactions, which every request would pay for.
    const server = deployment.serve({ env: { NODE_ENV: 'production', ...env } })
    processes.push(server)
    const url = await server.url()
    await untilReady(url)
    return { url, pid: server.pid }
  }
  for (let node = 0; node < count; node++) urls.push((await start()).url)
  return {
    urls,
    another: start,
    pids: processes.map(({ pid }) => pid),
    async stop() {
      const ended = processes.filter(({ isRunning }) => !isRunning)
      for (const { output } of ended) console.error(`A server ended by itself: ${output.slice(-4000)}`)
      await deployment.stop()
      await deployment.remove()
    },
  }
}
