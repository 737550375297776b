import fc from 'fast-check'
import { type Violation, violationsOf } from './invariants.js'
import { Laboratory } from './laboratory.js'
import { plan } from './plan.js'

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
  /** False to stop at the first failure as it was found. */
  readonly shrink: boolean
}): Promise<Exploration> {
  const laboratory = await Laboratory.open()
  let turns = 0
  let violations: readonly Violation[] = []
  try {
    const property = fc.asyncProperty(plan, async (plan) => {
      const history = await laboratory.play(plan)
      turns += history.turns
      const found = violationsOf(history, BOUNDS)
      if (found.length === 0) return
      violations = found
      throw new Error(found.map(({ invariant, detail }) => `${invariant}: ${detail}`).join('\n'))
    })
    const { schedules: numRuns, seed, shrink } = options
    const details = await fc.check(property, { numRuns, seed, endOnFailure: !shrink })
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
