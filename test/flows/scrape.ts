import { expect } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'

/** What a scrape found: each line of a metric with its labels, as `name{label="value"}`. */
export class Scrape {
  readonly text: string
  readonly #values = new Map<string, number>()
  readonly #types = new Map<string, string>()

  constructor(text: string) {
    this.text = text
    for (const line of text.split('\n')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
      if (name !== '') this.#types.set(name, type)
      const [, series, value] = /^([^#\s{]+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      if (series !== undefined) this.#values.set(series, Number(value))
    }
  }

  /** The value of exactly that line; 0 where it is not there. */
  of(series: string): number {
    return this.#values.get(series) ?? 0
  }

  has(series: string): boolean {
    return this.#values.has(series)
  }

  /** The names of metrics with their types. */
  get types(): ReadonlyMap<string, string> {
    return this.#types
  }

  /** Every line but the values. */
  get series(): readonly string[] {
    return [...this.#values.keys()]
  }
}

export async function scrape(auth: Pick<TestAuth, 'request'>): Promise<Scrape> {
  const answer = await auth.request('/metrics')
  expect(answer.status).toBe(200)
  return new Scrape(await answer.text())
}

/** How far each of the named lines moves while `act` runs. */
export async function movesOf(
  auth: Pick<TestAuth, 'request'>,
  series: readonly string[],
  act: () => Promise<unknown>,
): Promise<readonly number[]> {
  const before = await scrape(auth)
  await act()
  const after = await scrape(auth)
  return series.map((one) => after.of(one) - before.of(one))
}
