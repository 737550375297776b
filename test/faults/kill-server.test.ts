import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { startPostgres } from '../databases/start-postgres.js'
import { Caller } from './caller.js'
import { Deployment } from './deployment.js'
import { describeRun } from './describe-run.js'
import { History } from './history.js'
import { killServer, runFaults, WORKERS } from './kill-run.js'

/** `npm run test:faults` asks for 25. */
const KILLS = Number(process.env['FAULT_KILLS'] ?? 2)
/** Only against a hang: how long a run takes is up to the machine. */
const HANG = 120_000 + KILLS * 60_000

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

const RUNS = [
  ['sqlite', 'stateful', KILLS],
  ['postgres', 'stateful', KILLS],
  ['sqlite', 'stateless', Math.ceil(KILLS / 3)],
  ['postgres', 'stateless', Math.ceil(KILLS / 3)],
] as const

it.each(RUNS)(
  'keeps what it answered, on %s in %s mode, over %i times kill -9 under load',
  async (name, mode, kills) => {
    const deployment = new Deployment({ ...(await DATABASES[name]()), mode })
    closers.push(() => deployment.remove())
    const run = await runFaults(deployment, kills, (caller) => killServer(deployment, caller))
    console.log(describeRun(`${name}, ${mode}`, run))
    expect(run.violations, `see ${run.record}`).toEqual([])
    expect(run.leaks).toEqual([])
    // The search had something to search: every sign-in is told.
    expect(deployment.output.split('"event":"login.succeeded"').length).toBeGreaterThan(60 * kills)
    // The kills met what they were meant to meet.
    expect(Math.min(...run.underWay)).toBeGreaterThanOrEqual(WORKERS)
    expect(Math.min(...run.cutOff)).toBeGreaterThan(0)
    expect(run.tally.acknowledged).toBeGreaterThan(60 * kills)
  },
  HANG,
)

it.each(['sqlite', 'postgres'] as const)(
  'starts on %s though it was killed again and again while it started first',
  async (name) => {
    const deployment = new Deployment(await DATABASES[name]())
    closers.push(() => deployment.remove())
    // With SQLite the master key is made at the first start, too.
    const launch = name === 'sqlite' ? { env: { SALLYPORT_SECRET: '' } } : {}
    const usual = performance.now()
    const one = new Deployment()
    closers.push(() => one.remove())
    await one.serve().url()
    const startTime = performance.now() - usual
    for (let n = 1; n <= 8; n++) {
      const server = deployment.serve(launch)
      await sleep((startTime * n) / 8)
      await server.end('SIGKILL')
    }
    const caller = new Caller(new History())
    caller.url = await deployment.serve(launch).url()
    const { status, given } = await caller.register('ada@example.com', 'a password of Ada')
    expect(status).toBe(201)
    await deployment.stop()
    caller.url = await deployment.serve(launch).url()
    expect((await caller.use('ada@example.com', given?.access ?? '')).status).toBe(200)
  },
)
