/** The nearest-rank percentile of numbers in any order. @param share between 0 and 1; 1 is the largest */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The same elements in an order of chance (Fisher–Yates), so that no variant always follows the same other one. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const result: Item[] = []
  for (const item of items) result.splice(Math.floor(Math.random() * (result.length + 1)), 0, item)
  return result
}
