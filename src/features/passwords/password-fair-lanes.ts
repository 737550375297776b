/** Who waits, as far as fairness goes, from the widest circle to the narrowest: tenant, network, address. */
export type LanePath = readonly string[]

interface Circle<Item> {
  /** How many wait in it. */
  size: number
  /** The one whose turn is next stands first. */
  readonly inner: Map<string, Circle<Item>>
  /** Of the narrowest alone. */
  readonly items: Item[]
}

/**
 * Those who wait, taken in turns: one of each tenant, there one of each network, and there one of each address, however
 * many each has. All paths are of one length.
 */
export class FairLanes<Item> {
  readonly #all: Circle<Item> = emptyCircle()

  get size(): number {
    return this.#all.size
  }

  push(path: LanePath, item: Item): void {
    let circle = this.#all
    circle.size++
    for (const name of path) {
      const inner: Circle<Item> = circle.inner.get(name) ?? emptyCircle()
      circle.inner.set(name, inner)
      circle = inner
      circle.size++
    }
    circle.items.push(item)
  }

  /** The next one, whose tenant, network and address then stand last. */
  shift(): Item | undefined {
    const path = pathFrom(this.#all, first)
    const item = this.#take(path, 0)
    let circle: Circle<Item> | undefined = this.#all
    for (const name of path) {
      const inner: Circle<Item> | undefined = circle.inner.get(name)
      if (inner === undefined) break
      circle.inner.delete(name)
      circle.inner.set(name, inner)
      circle = inner
    }
    return item
  }

  remove(path: LanePath, item: Item): void {
    const at = this.#lane(path)?.items.indexOf(item) ?? -1
    if (at !== -1) this.#take(path, at)
  }

  /**
   * Makes room for one more at `path` by taking out the last of whoever has the most waiting.
   * @returns it; null where nobody has more than that one would have
   */
  displace(path: LanePath): Item | null {
    let circle = this.#all
    for (const [depth, name] of path.entries()) {
      const [crowded, most] = longest(circle.inner) ?? []
      const own = circle.inner.get(name)
      if (crowded !== undefined && most !== undefined && (own?.size ?? 0) + 1 < most.size) {
        const found = [...path.slice(0, depth), crowded, ...pathFrom(most, longest)]
        return this.#take(found, -1) ?? null
      }
      if (own === undefined) return null
      circle = own
    }
    return null
  }

  #lane(path: LanePath): Circle<Item> | undefined {
    let circle: Circle<Item> | undefined = this.#all
    for (const name of path) circle = circle?.inner.get(name)
    return circle
  }

  /** @param at as `splice` counts */
  #take(path: LanePath, at: number): Item | undefined {
    const [item] = this.#lane(path)?.items.splice(at, 1) ?? []
    if (item === undefined) return undefined
    let circle = this.#all
    circle.size--
    for (const name of path) {
      const inner = circle.inner.get(name)
      if (inner === undefined) break
      inner.size--
      if (inner.size === 0) circle.inner.delete(name)
      circle = inner
    }
    return item
  }
}

type Choice = <Item>(circles: ReadonlyMap<string, Circle<Item>>) => readonly [string, Circle<Item>] | undefined

/** From a circle inwards, always to the one that `choose` names. */
function pathFrom<Item>(start: Circle<Item>, choose: Choice): LanePath {
  const path: string[] = []
  for (let chosen = choose(start.inner); chosen !== undefined; chosen = choose(chosen[1].inner)) path.push(chosen[0])
  return path
}

const first: Choice = (circles) => {
  for (const entry of circles) return entry
  return undefined
}

const longest: Choice = <Item>(circles: ReadonlyMap<string, Circle<Item>>) => {
  let found: readonly [string, Circle<Item>] | undefined
  for (const entry of circles) if (found === undefined || entry[1].size > found[1].size) found = entry
  return found
}

function emptyCircle<Item>(): Circle<Item> {
  return { size: 0, inner: new Map(), items: [] }
}
