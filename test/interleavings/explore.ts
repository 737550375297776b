import fc from 'fast-check'
import type { History } from './history.js'
import { type Violation, violationsOf } from './invariants.js'
import { Laboratory } from './laboratory.js'
import { type Plan, plan } from './plan.js'

const BOUNDS = { maxStaleness: 2_000, reuseGrace: 10_000 }

export interface Exploration {
  readonly schedules: number
  readonly turns: number
  readonly seed: number
  /** Of the first schedule that failed, made as small as was asked for. */
  readonly violations: readonly Violation[]
  /** The plan that failed, to be read. */
  readonly plan: string | null
}

/** Plays schedules until one breaks an invariant, or as many as are asked for. */
export async function explore(options: {
  readonly schedules: number
  readonly seed: number
  /** How long to look for a smaller schedule that fails, in milliseconds. */
  readonly shrinkFor: number
}): Promise<Exploration> {
  const laboratory = await Laboratory.open()
  let turns = 0
  let violations: readonly Violation[] = []
  try {
    let failedAt = Number.POSITIVE_INFINITY
    const property = fc.asyncProperty(plan, async (plan) => {
      if (Date.now() - failedAt > options.shrinkFor) return
      const history = await playInTime(laboratory, plan)
      turns += history.turns
      const found = violationsOf(history, BOUNDS)
      if (found.length === 0) return
      violations = found
      failedAt = Math.min(failedAt, Date.now())
      throw new Error(found.map(({ invariant, detail }) => `${invariant}: ${detail}`).join('\n'))
    })
    const { schedules: numRuns, seed, shrinkFor } = options
    const details = await fc.check(property, { numRuns, seed, endOnFailure: shrinkFor === 0 })
    if (details.failed && violations.length === 0) {
      violations = [{ invariant: 'no error', detail: String(details.errorInstance) }]
    }
    const failing = details.counterexample?.[0]
    return {
      schedules: details.numRuns,
      turns,
      seed: details.seed,
      violations,
      plan: failing === undefined ? null : JSON.stringify(failing),
    }
  } finally {
    await laboratory.close()
  }
}

/** A node that waits for the database for half a second of real time stops waiting: a slow machine is no schedule. */
const IN_TIME = 400

async function playInTime(laboratory: Laboratory, plan: Plan): Promise<History> {
  for (let attempt = 1; ; attempt++) {
    const started = performance.now()
    const history = await laboratory.play(plan)
    if (performance.now() - started < IN_TIME || attempt === 3) return history
  }
}
