import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresServer } from '../databases/start-postgres.js'
import { findSecrets } from '../secrets/find-secrets.js'
import { Caller } from './caller.js'
import { checkHistory } from './check-history.js'
import { checkRows, readRows } from './check-rows.js'
import type { Deployment } from './deployment.js'
import { History, type Tally, tally } from './history.js'
import { Load } from './load.js'
import { Random } from './random.js'
import { untilReady } from './server-process.js'
import { settle } from './settle.js'
import type { Violation } from './violation.js'

export const WORKERS = 64

export interface KillRun {
  readonly seed: number
  /** The file that holds every request of a run with violations. */
  readonly record: string
  readonly kills: number
  readonly tally: Tally
  readonly violations: readonly Violation[]
  /** How many requests were under way at each kill. */
  readonly underWay: readonly number[]
  /** Requests that each kill left without a known outcome. */
  readonly cutOff: readonly number[]
  /** Requests without any answer. */
  readonly unanswered: number
  /** Milliseconds until the server was ready again, after each kill. */
  readonly readyAfter: readonly number[]
  /** Places of the processes' output that show a password or token. */
  readonly leaks: readonly string[]
}

/** A fault that is injected under load. Resolves when the server is ready again. */
export interface Fault {
  /** True where there is nobody left to ask; otherwise the load goes on until `strike` resolves. */
  readonly endsLoad: boolean
  /** Called at a random moment. */
  strike(): Promise<void>
  /** @returns where the server is now */
  recover(): Promise<string>
}

async function answers(history: History, count: number): Promise<void> {
  while (history.acts.length < count) await sleep(1)
}

/** Under load, injects a fault at random moments, and holds what was answered against what is there. */
export async function runFaults(
  deployment: Deployment,
  kills: number,
  startFault: (caller: Caller) => Promise<Fault>,
  seed: number = Date.now() % 2 ** 31,
): Promise<KillRun> {
  const history = new History()
  const caller = new Caller(history)
  const random = new Random(seed)
  const load = new Load(caller, random)
  const underWay: number[] = []
  const cutOff: number[] = []
  const readyAfter: number[] = []
  const fault = await startFault(caller)
  for (let kill = 0; kill < kills; kill++) {
    const from = history.acts.length
    const { stop } = load.start(WORKERS)
    await answers(history, from + random.between(60, 360))
    await sleep(random.between(0, 8))
    underWay.push(caller.underWay)
    const struck = fault.strike()
    if (fault.endsLoad) await stop()
    await struck
    await stop()
    cutOff.push(history.acts.slice(from).filter((act) => act.outcome === 'unknown').length)
    const started = performance.now()
    caller.url = await fault.recover()
    await untilReady(caller.url)
    readyAfter.push(Math.round(performance.now() - started))
    await settle(caller, from, kill === kills - 1)
  }
  await deployment.stop()
  const violations = [...checkHistory(history.acts), ...checkRows(history.acts, await readRows(deployment.databaseUrl))]
  const record = join(tmpdir(), `sallyport-history-${seed}.json`)
  if (violations.length > 0) writeFileSync(record, JSON.stringify({ violations, acts: history.acts }, null, 1))
  const leaks = findSecrets(deployment.output, [...caller.secrets, ...deployment.secrets])
  const unanswered = history.acts.filter((act) => act.status === null).length
  return {
    seed,
    record,
    kills,
    tally: tally(history.acts),
    violations,
    underWay,
    cutOff,
    unanswered,
    readyAfter,
    leaks,
  }
}

/** kill -9 of the server, and a new one on the same data. */
export async function killServer(deployment: Deployment, caller: Caller): Promise<Fault> {
  let server = deployment.serve()
  caller.url = await server.url()
  return {
    endsLoad: true,
    async strike() {
      await server.end('SIGKILL')
    },
    async recover() {
      server = deployment.serve()
      return server.url()
    },
  }
}

/** kill -9 of PostgreSQL, which starts again while the server goes on. `look` is called while it is gone. */
export async function killPostgres(
  deployment: Deployment,
  postgres: PostgresServer,
  caller: Caller,
  look: (caller: Caller) => Promise<void>,
): Promise<Fault> {
  const server = deployment.serve()
  caller.url = await server.url()
  return {
    endsLoad: false,
    async strike() {
      await postgres.kill()
      await look(caller)
    },
    async recover() {
      await postgres.restart()
      return caller.url
    },
  }
}
