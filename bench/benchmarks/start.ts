import { Deployment } from '../../test/faults/deployment.js'
import { type Benchmark, compare } from '../benchmark.js'
import { Child } from '../load/child.js'
import {
  BARE_SERVER,
  BETTER_AUTH,
  BETTER_AUTH_SERVER,
  betterAuthVariants,
  EXPRESS_SESSION,
  EXPRESS_SESSION_SERVER,
  withoutPeers,
} from '../load/peers.js'
import { cpuOf } from '../load/process-cpu.js'
import { residentMemory } from '../load/process-memory.js'
import { startStores } from '../load/stores.js'
import { inRounds } from '../rounds.js'

const OURS = 'Sallyport, SQLite'
const PEER = `${BETTER_AUTH}, SQLite`
const BARE = 'bare node:http'

/** A process that answers. */
interface Running {
  readonly url: string
  readonly pid: number
  stop(): Promise<unknown>
}

interface Variant {
  readonly name: string
  readonly path: string
  start(): Promise<Running>
}

/** From the start of the process to its first answer, and what the process takes then. The database is there already. */
export const benchmark: Benchmark = async ({ quick, peersMissing }) => {
  const stores = await startStores()
  const deployment = new Deployment({ config: { log: { level: 'warn', format: 'json' } } })
  const ofPeer = (name: string, path: string, file: URL, options: object = {}): Variant => ({
    name,
    path,
    async start() {
      const { child, line } = await Child.start(file, { options })
      return { url: line, pid: child.pid, stop: () => child.stop() }
    },
  })
  const variants: Variant[] = [
    {
      name: OURS,
      path: '/auth/verify',
      async start() {
        const server = deployment.serve({ env: { NODE_ENV: 'production' } })
        return { url: await server.url(), pid: server.pid, stop: () => server.end('SIGTERM') }
      },
    },
    ofPeer(BARE, '/', BARE_SERVER),
  ]
  if (peersMissing === null) {
    const [variant] = betterAuthVariants({ file: stores.file, postgres: '', redis: '' })
    const options = { ...variant?.options, cheapHash: false }
    // Its tables are made beforehand, since it does not look after them when it starts.
    const { child } = await Child.start(BETTER_AUTH_SERVER, { options })
    await child.stop()
    variants.push(ofPeer(PEER, '/api/auth/get-session', BETTER_AUTH_SERVER, { ...options, migrate: false }))
    variants.push(ofPeer(EXPRESS_SESSION, '/me', EXPRESS_SESSION_SERVER, { redis: stores.redis.url }))
  }
  try {
    const plan = { rounds: quick ? 5 : 15, warmUp: { count: 1, milliseconds: 60_000 } }
    const figure = await inRounds(variants, plan, async ({ path, start }) => {
      const started = performance.now()
      const { url, pid, stop } = await start()
      const answer = await fetch(url + path)
      await answer.arrayBuffer()
      const milliseconds = performance.now() - started
      const [mebibytes, cpu] = [residentMemory(pid) / 2 ** 20, cpuOf(pid) / 1e6]
      await stop()
      if (answer.status >= 500) throw new Error(`${url}${path} answered ${answer.status}`)
      return { count: 1, milliseconds, mebibytes, cpu }
    })
    const others = variants.map(({ name }) => name).filter((name) => name !== OURS)
    const comparisons = others.flatMap((against) =>
      [
        { what: 'First answer after the start', unit: 'ms', of: 'milliseconds' as const },
        { what: 'Resident memory after the first answer', unit: 'MiB', of: 'mebibytes' as const },
      ].map(({ of, ...rest }) =>
        compare('less', { ...rest, sallyport: figure(OURS, of), against, other: figure(against, of) }),
      ),
    )
    return {
      tables: [
        {
          title: `Start, with a database that is there already (median of ${plan.rounds} shuffled rounds)`,
          rows: variants.map(({ name }) => ({
            what: name,
            'first answer ms': figure(name, 'milliseconds').toFixed(0),
            'CPU ms': figure(name, 'cpu').toFixed(0),
            'resident MiB': figure(name, 'mebibytes').toFixed(1),
          })),
        },
      ],
      comparisons,
      readings: [
        { goal: 'start', value: figure(OURS, 'milliseconds') },
        { goal: 'start-memory', value: figure(OURS, 'mebibytes') },
      ],
      notMeasured: withoutPeers(peersMissing, 'Start and memory'),
    }
  } finally {
    await deployment.stop()
    await deployment.remove()
    await stores.stop()
  }
}
