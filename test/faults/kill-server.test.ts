import { afterEach, expect, it } from 'vitest'
import { startPostgres } from '../databases/start-postgres.js'
import { Deployment } from './deployment.js'
import { describeRun } from './describe-run.js'
import { killServer, runFaults, WORKERS } from './kill-run.js'

/** `npm run test:faults` asks for 25. */
const KILLS = Number(process.env['FAULT_KILLS'] ?? 3)
const HANG = 60_000 + KILLS * 20_000

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const DATABASES = {
  sqlite: async () => ({}),
  postgres: async () => {
    const server = await startPostgres()
    closers.push(() => server.dispose())
    return { databaseUrl: server.url() }
  },
} as const

it.each(Object.keys(DATABASES))(
  `keeps on %s what it answered, over ${KILLS} times kill -9 under load`,
  async (name) => {
    const deployment = new Deployment(await DATABASES[name === 'sqlite' ? 'sqlite' : 'postgres']())
    closers.push(() => deployment.remove())
    const run = await runFaults(deployment, KILLS, (caller) => killServer(deployment, caller))
    console.log(describeRun(name, run))
    expect(run.violations, `seed ${run.seed}`).toEqual([])
    expect(run.leaks).toEqual([])
    // The kills met what they were meant to meet.
    expect(Math.min(...run.underWay)).toBeGreaterThanOrEqual(WORKERS)
    expect(Math.min(...run.cutOff)).toBeGreaterThan(0)
    expect(run.tally.acknowledged).toBeGreaterThan(80 * KILLS)
  },
  HANG,
)
