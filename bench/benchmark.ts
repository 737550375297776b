import type { GoalId } from './goals.js'

export interface BenchmarkOptions {
  /** A look at the order of things, in a few minutes for all of them together. */
  readonly quick: boolean
  /** How many, in place of the benchmark's own number. */
  readonly count: number | null
  /** Only the variants of which every word is one of the variant's. */
  readonly only: readonly string[]
  /** Why there is nothing to compare with, or null where the peers are installed. */
  readonly peersMissing: string | null
}

export type Cell = string | number

export interface Table {
  readonly title: string
  readonly rows: readonly Readonly<Record<string, Cell>>[]
}

/** One figure of ours beside the same figure of something else, both from one run. */
export interface Comparison {
  readonly what: string
  readonly unit: string
  readonly sallyport: number
  readonly against: string
  readonly other: number
  /** How many times as good as the other: 2 is twice as fast or half as expensive, and of a floor it is the share that is reached. */
  readonly ratio: number
}

/** A figure that a goal is judged by. */
export interface Reading {
  readonly goal: GoalId
  readonly value: number
}

export interface NotMeasured {
  readonly what: string
  readonly reason: string
}

export interface Outcome {
  readonly tables: readonly Table[]
  readonly comparisons?: readonly Comparison[]
  readonly readings?: readonly Reading[]
  readonly notMeasured?: readonly NotMeasured[]
}

/** Measures, and returns what is to be shown. Columns of a row are in the order to show. */
export type Benchmark = (options: BenchmarkOptions) => Promise<Outcome>

/** @param better whether more of it is better or less of it */
export function compare(
  better: 'more' | 'less',
  { what, unit, sallyport, against, other }: Omit<Comparison, 'ratio'>,
): Comparison {
  const ratio = better === 'more' ? sallyport / other : other / sallyport
  return { what, unit, sallyport: rounded(sallyport), against, other: rounded(other), ratio: rounded(ratio) }
}

/** To three significant digits: there are no more in a measurement on a shared machine. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
