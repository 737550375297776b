import type { Histogram } from '../../runtime/histogram.js'

type Labels = Readonly<Record<string, string | number>>

/** One line of a counter or gauge. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export interface HistogramSample {
  readonly labels: Labels
  readonly value: Histogram
}

interface Described {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

/** A metric: what is published about it, and where its values come from at a scrape. */
export type Metric =
  | (Described & {
      readonly type: 'counter' | 'gauge'
      /** Nothing where the value is not known. */
      readonly read: (sources: MetricSources) => Iterable<Sample>
    })
  | (Described & {
      readonly type: 'histogram'
      readonly read: (sources: MetricSources) => Iterable<HistogramSample>
    })

/** What other rooms count while they work, in plain numbers. */
export interface MetricParts {
  readonly requests: {
    series(): Iterable<{
      readonly method: string
      readonly route: string
      readonly status: number
      readonly durations: Histogram
    }>
  }
  readonly lookups: Readonly<Record<string, { readonly hit: number; readonly miss: number }>>
  readonly hashes: { readonly depth: number; readonly times: Readonly<Record<string, Histogram>> }
  /** Null where nothing is looked up. */
  readonly breaches: { readonly counts: Readonly<Record<string, number>> } | null
  /** `lag` in milliseconds. */
  readonly feed: { lag(): number; gaps(): number }
  readonly limits: { readonly refused: ReadonlyMap<string, number> }
  /** `waiting` in the whole deployment, as far as it has been counted. */
  readonly mail: { readonly outcomes: ReadonlyMap<string, number>; readonly waiting: number | null }
  /** Open sockets that have authenticated. */
  readonly webSockets: () => number
}

export interface MetricSources extends MetricParts {
  readonly acts: {
    readonly logins: Iterable<{ readonly outcome: string; readonly reason: string; readonly count: number }>
    readonly registrations: number
    readonly refreshes: ReadonlyMap<string, number>
    readonly reuses: number
    readonly revocations: ReadonlyMap<string, number>
    readonly lockouts: number
    /** Seconds. */
    readonly sessionDurations: Histogram
  }
  /** In the whole deployment, as far as it has been counted. */
  readonly activeSessions: number | null
}
