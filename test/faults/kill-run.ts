import { setTimeout as sleep } from 'node:timers/promises'
import { Caller } from './caller.js'
import { checkHistory } from './check-history.js'
import { checkRows, readRows } from './check-rows.js'
import type { Deployment } from './deployment.js'
import { History, type Tally, tally } from './history.js'
import { Load } from './load.js'
import { Random } from './random.js'
import { findSecrets } from './secrets.js'
import { untilReady } from './server-process.js'
import { settle } from './settle.js'
import type { Violation } from './violation.js'

export const WORKERS = 64

export interface KillRun {
  readonly seed: number
  readonly kills: number
  readonly tally: Tally
  readonly violations: readonly Violation[]
  /** How many requests were under way at each kill. */
  readonly underWay: readonly number[]
  /** Requests whose answer each kill cut off. */
  readonly cutOff: readonly number[]
  /** Milliseconds from starting the process to its readiness, after each kill. */
  readonly readyAfter: readonly number[]
  /** Places of the processes' output that show a password or token. */
  readonly leaks: readonly string[]
}

async function answers(history: History, count: number): Promise<void> {
  while (history.acts.length < count) await sleep(1)
}

/**
 * Under load, kills the server at random moments, starts it again on the same data, and holds what was answered against
 * what is there.
 */
export async function runKills(
  deployment: Deployment,
  kills: number,
  seed: number = Date.now() % 2 ** 31,
): Promise<KillRun> {
  const history = new History()
  const caller = new Caller(history)
  const random = new Random(seed)
  const load = new Load(caller, random)
  const underWay: number[] = []
  const cutOff: number[] = []
  const readyAfter: number[] = []
  let server = deployment.serve()
  for (let kill = 0; kill < kills; kill++) {
    caller.url = await server.url()
    const from = history.acts.length
    const { stop } = load.start(WORKERS)
    await answers(history, from + random.between(80, 600))
    await sleep(random.between(0, 8))
    underWay.push(caller.underWay)
    const killed = server.end('SIGKILL')
    await Promise.all([killed, stop()])
    cutOff.push(history.acts.slice(from).filter((act) => act.outcome === 'unknown').length)
    const started = performance.now()
    server = deployment.serve()
    caller.url = await server.url()
    await untilReady(caller.url)
    readyAfter.push(Math.round(performance.now() - started))
    await settle(caller, from, kill === kills - 1)
  }
  await server.end('SIGTERM')
  const violations = [...checkHistory(history.acts), ...checkRows(history.acts, await readRows(deployment.databaseUrl))]
  const leaks = findSecrets(deployment.output, [...caller.secrets, ...Object.values(deployment.env)])
  return { seed, kills, tally: tally(history.acts), violations, underWay, cutOff, readyAfter, leaks }
}
