/** The nearest-rank percentile of numbers in any order. @param share between 0 and 1; 1 is the largest */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/**
 * Where the median of all that could have been measured lies, nineteen times in twenty at least, by ranks alone (the sign
 * test): nothing is supposed about how the values are spread. With fewer than six it is all of them.
 */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const sorted = [...values].sort((left, right) => left - right)
  // How likely so few of them, or fewer, are below it: each is with one chance in two.
  let [chance, below] = [0.5 ** sorted.length, 0]
  for (let term = chance; chance <= 0.025 && below < sorted.length / 2; below++) {
    term *= (sorted.length - below) / (below + 1)
    chance += term
  }
  const rank = Math.max(0, below - 1)
  return [sorted[rank] ?? Number.NaN, sorted[sorted.length - 1 - rank] ?? Number.NaN]
}

/** The same elements in an order of chance (Fisher–Yates), so that no variant always follows the same other one. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const result: Item[] = []
  for (const item of items) result.splice(Math.floor(Math.random() * (result.length + 1)), 0, item)
  return result
}
