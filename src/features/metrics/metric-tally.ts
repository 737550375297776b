const OTHER = 'other'

/** How often each of a fixed set of things happened. What is not in the set counts as `other`: no name makes a new one. */
export class Tally {
  readonly #counts: Map<string, number>

  constructor(names: readonly string[]) {
    // From zero on, so that the first of them shows as a rise.
    this.#counts = new Map([...names, OTHER].map((name) => [name, 0]))
  }

  add(name: unknown): void {
    const known = typeof name === 'string' && this.#counts.has(name) ? name : OTHER
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1)
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }
}
