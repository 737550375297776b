/** Who waits, as far as fairness goes: tenants share alike, and in each its addresses. */
export interface LaneName {
  readonly tenant: string
  readonly address: string
}

interface Tenant<Item> {
  size: number
  readonly lanes: Map<string, Item[]>
}

/** Those who wait, taken in turns: one of each tenant, and there one of each address, however many each has. */
export class FairLanes<Item> {
  readonly #tenants = new Map<string, Tenant<Item>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push({ tenant, address }: LaneName, item: Item): void {
    const held = this.#tenants.get(tenant) ?? { size: 0, lanes: new Map<string, Item[]>() }
    const lane = held.lanes.get(address) ?? []
    lane.push(item)
    held.lanes.set(address, lane)
    held.size++
    this.#tenants.set(tenant, held)
    this.#size++
  }

  /** The next one, whose tenant and address then stand last. */
  shift(): Item | undefined {
    const [tenant, held] = first(this.#tenants) ?? []
    if (tenant === undefined || held === undefined) return undefined
    const [address, lane] = first(held.lanes) ?? []
    if (address === undefined || lane === undefined) return undefined
    const item = lane.shift()
    this.#settle(tenant, held, address, lane)
    if (lane.length > 0) moveToEnd(held.lanes, address, lane)
    if (held.size > 0) moveToEnd(this.#tenants, tenant, held)
    return item
  }

  remove({ tenant, address }: LaneName, item: Item): void {
    const held = this.#tenants.get(tenant)
    const lane = held?.lanes.get(address)
    const at = lane?.indexOf(item) ?? -1
    if (held === undefined || lane === undefined || at === -1) return
    lane.splice(at, 1)
    this.#settle(tenant, held, address, lane)
  }

  /**
   * Makes room for one more of `name` by taking out the last of whoever has the most waiting.
   * @returns it; null where nobody has more than `name` would have
   */
  displace(name: LaneName): Item | null {
    const [tenant, held] = longest(this.#tenants, ({ size }) => size) ?? []
    if (tenant === undefined || held === undefined) return null
    const own = this.#tenants.get(name.tenant)
    const isOwn = tenant === name.tenant || (own?.size ?? 0) + 1 >= held.size
    const crowded = isOwn ? own : held
    const [address, lane] = longest(crowded?.lanes ?? new Map<string, Item[]>(), ({ length }) => length) ?? []
    if (crowded === undefined || address === undefined || lane === undefined) return null
    if (isOwn && (own?.lanes.get(name.address)?.length ?? 0) + 1 >= lane.length) return null
    const item = lane.pop()
    this.#settle(isOwn ? name.tenant : tenant, crowded, address, lane)
    return item ?? null
  }

  #settle(tenant: string, held: Tenant<Item>, address: string, lane: readonly Item[]): void {
    this.#size--
    held.size--
    if (lane.length === 0) held.lanes.delete(address)
    if (held.size === 0) this.#tenants.delete(tenant)
  }
}

function first<Value>(map: ReadonlyMap<string, Value>): readonly [string, Value] | undefined {
  for (const entry of map) return entry
  return undefined
}

function longest<Value>(map: ReadonlyMap<string, Value>, size: (value: Value) => number) {
  let found: readonly [string, Value] | undefined
  for (const entry of map) if (found === undefined || size(entry[1]) > size(found[1])) found = entry
  return found
}

function moveToEnd<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
}
