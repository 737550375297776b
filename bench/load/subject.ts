import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'

/** Something that a process does when it is told to, and that is measured there. */
export interface Work {
  /** Done before, outside the time that is taken. */
  prepare?(): Promise<void>
  /** One of many. @param worker of those that are at it at once. False ends the run: it went wrong */
  step(index: number, worker: number): Promise<boolean> | boolean
  /** How many steps make a run, where not as many as fit into the job's time. */
  readonly steps?: number
}

const job = z.object({ work: z.string(), atOnce: z.int().min(1), milliseconds: z.number() })
export type Job = z.output<typeof job>

export const done = z.object({
  count: z.number(),
  milliseconds: z.number(),
  /** Of the whole process, microseconds. */
  cpu: z.number(),
})
export type Done = z.output<typeof done>

/**
 * Milliseconds between two turns of the event loop, which a server would have had: timers and sockets are served on one,
 * and work that never waits for either would not let them be.
 */
const TURN = 5
/** Steps between two looks at the clock. */
const LOOK = 16

/** Says `ready`, reads jobs as lines of JSON, and answers each with what was done. Ends with its standard input. */
export async function serveJobs(works: Readonly<Record<string, Work>>): Promise<never> {
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) {
    const given = job.parse(JSON.parse(line))
    const work = works[given.work]
    if (work === undefined) throw new Error(`There is no work ${given.work}`)
    console.log(JSON.stringify(await run(work, given)))
  }
  return process.exit(0)
}

async function run(work: Work, { work: name, atOnce, milliseconds }: Job): Promise<Done> {
  await work.prepare?.()
  const most = work.steps ?? Number.POSITIVE_INFINITY
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  const until = work.steps === undefined ? started + milliseconds : Number.POSITIVE_INFINITY
  let count = 0
  let turnedAt = started
  let turning: Promise<void> | null = null
  const turn = async () => {
    await setImmediate()
    turnedAt = performance.now()
    turning = null
  }
  async function drive(worker: number): Promise<void> {
    while (count < most) {
      const index = count++
      if (!(await work.step(index, worker))) throw new Error(`${name} went wrong at step ${index}`)
      if (turning === null && index % LOOK === 0 && performance.now() - turnedAt > TURN) turning = turn()
      if (turning !== null) await turning
      if (turnedAt >= until) return
    }
  }
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => drive(worker)))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { count, milliseconds: performance.now() - started, cpu: user + system }
}
