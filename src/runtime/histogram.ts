/** Observations counted in buckets: one costs some nanoseconds, and whoever exports them reads the counts. */
export class Histogram {
  /** Upper ends of the buckets, ascending, each belonging to its bucket. */
  readonly bounds: readonly number[]
  /** Of each bucket alone; the last one is of what lies beyond every bound. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let at = 0
    // Short is what is frequent, so the search starts there.
    while (at < bounds.length && value > (bounds[at] ?? 0)) at++
    counts[at] = (counts[at] ?? 0) + 1
    this.sum += value
  }
}
