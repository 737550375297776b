import { median, shuffled } from './statistics.js'

export interface RoundPlan {
  readonly rounds: number
  /** Before the first round each variant does at least so much, or goes on for so long: a cold compiler is nobody's figure. */
  readonly warmUp: { readonly count: number; readonly milliseconds: number }
}

/** What every measurement tells besides its own figures. */
interface Measured {
  /** How often it did what is measured. */
  readonly count: number
}

/**
 * Measures every variant once a round, each round in another order, so that what drifts while they run falls on all of
 * them alike.
 * @returns the median of a variant's figure
 */
export async function inRounds<Variant extends { readonly name: string }, Figure extends string>(
  variants: readonly Variant[],
  { rounds, warmUp }: RoundPlan,
  measure: (variant: Variant) => Promise<Measured & Readonly<Record<Figure, number>>>,
): Promise<(name: string, figure: Figure) => number> {
  for (const variant of variants) {
    const until = performance.now() + warmUp.milliseconds
    for (let count = 0; count < warmUp.count && performance.now() < until; ) count += (await measure(variant)).count
  }
  const found = new Map<string, Readonly<Record<Figure, number>>[]>(variants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const variant of shuffled(variants)) found.get(variant.name)?.push(await measure(variant))
  }
  return (name, figure) => {
    const all = found.get(name) ?? []
    if (all.length === 0) throw new Error(`${name} was not measured`)
    return median(all.map((figures) => figures[figure]))
  }
}
