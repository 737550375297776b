import { median, medianInterval } from './statistics.js'

/** Two things measured in turn: the first, the second twice, the first. Whatever drifts falls on both alike. */
export type Round = readonly [first: number, second: number, secondAgain: number, firstAgain: number]

export interface Paired {
  /** Medians of the slices of each. */
  readonly first: number
  readonly second: number
  /** The median of what the second one costs on top of the first. */
  readonly difference: number
  /** Within what that lies nineteen times in twenty. */
  readonly interval: readonly [number, number]
}

/**
 * By the quieter half of the rounds. Whoever else uses the machine makes work dearer, never cheaper; which rounds those are
 * is told by all four slices together, which says nothing of the difference between the two.
 */
export function pair(rounds: readonly Round[]): Paired {
  const quiet = [...rounds].sort((left, right) => sum(left) - sum(right)).slice(0, Math.ceil(rounds.length / 2))
  const differences = quiet.map(([first, second, again, last]) => (second + again - first - last) / 2)
  return {
    first: median(quiet.flatMap(([first, , , last]) => [first, last])),
    second: median(quiet.flatMap(([, second, again]) => [second, again])),
    difference: median(differences),
    interval: medianInterval(differences),
  }
}

function sum(round: Round): number {
  return round.reduce((total, value) => total + value, 0)
}
