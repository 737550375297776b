export interface BenchmarkOptions {
  /** A look at whether it works, not figures to quote. */
  readonly quick: boolean
  /** How many, in place of the benchmark's own number. */
  readonly count: number | null
  /** Only the variants of which every word is one of the variant's. */
  readonly only: readonly string[]
}

export type Cell = string | number

export interface Table {
  readonly title: string
  readonly rows: readonly Readonly<Record<string, Cell>>[]
}

/** Measures, and returns what is to be shown. Columns of a row are in the order to show. */
export type Benchmark = (options: BenchmarkOptions) => Promise<readonly Table[]>
