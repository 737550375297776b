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

/** What comes over the machine for a moment spoils one difference, and not their median. */
export function pair(rounds: readonly Round[]): Paired {
  const differences = rounds.map(([first, second, again, last]) => (second + again - first - last) / 2)
  return {
    first: median(rounds.flatMap(([first, , , last]) => [first, last])),
    second: median(rounds.flatMap(([, second, again]) => [second, again])),
    difference: median(differences),
    interval: medianInterval(differences),
  }
}
