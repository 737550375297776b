/** How many of each this node holds, and which counts are not written as they are now. */
export class Tally<Row> {
  /** How many there may be of each, over all nodes. */
  readonly #max: number
  readonly #held = new Map<string, { readonly row: Row; count: number }>()
  #changed = new Map<string, Row>()

  constructor(max: number) {
    this.#max = max
  }

  get isIdle(): boolean {
    return this.#held.size === 0 && this.#changed.size === 0
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0
  }

  add(key: string, row: Row): void {
    const held = this.#held.get(key)
    if (held === undefined) this.#held.set(key, { row, count: 1 })
    else held.count++
  }

  remove(key: string, row: Row): void {
    const held = this.#held.get(key)
    if (held !== undefined && --held.count <= 0) this.#held.delete(key)
    this.#changed.set(key, row)
  }

  /** @param others those at other nodes, and those that are about to be added here */
  hasRoom(key: string, others: number): boolean {
    return (this.#held.get(key)?.count ?? 0) + others < this.#max
  }

  /** Takes some of those that have changed, to be written. */
  takeChanged(limit: number): Map<string, Row> {
    const taken = new Map([...this.#changed].slice(0, limit))
    for (const key of taken.keys()) this.#changed.delete(key)
    return taken
  }

  /** They were not written after all. */
  putBack(rows: ReadonlyMap<string, Row>): void {
    for (const [key, row] of rows) this.#changed.set(key, row)
  }

  all(): Map<string, Row> {
    return new Map([...this.#held].map(([key, { row }]) => [key, row]))
  }

  /** The counts of these as they will be with what is added. */
  countsOf(rows: ReadonlyMap<string, Row>, added: Additions<Row>): (Row & { readonly count: number })[] {
    const all = new Map([...rows, ...added.rows])
    return [...all].map(([key, row]) => ({ ...row, count: (this.#held.get(key)?.count ?? 0) + added.of(key) }))
  }

  clear(): void {
    this.#held.clear()
    this.#changed.clear()
  }
}

/** What a batch is about to add. */
export class Additions<Row> {
  readonly rows = new Map<string, Row>()
  readonly #counts = new Map<string, number>()

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  add(key: string, row: Row): void {
    this.rows.set(key, row)
    this.#counts.set(key, this.of(key) + 1)
  }
}
