import { LRUCache } from 'lru-cache'

/** How a value is held while nobody asks for it. */
export interface Packing<Held, Packed> {
  pack(held: Held): Packed
  unpack(packed: Packed): Held
  /** Without `OVERHEAD`. */
  bytesOf(packed: Packed): number
}

/** Of an entry beside its packed value: a place in a map that is between half and quite full, and the header of a text. */
const OVERHEAD = 72
/** Those that were asked for last are kept at hand: to unpack one takes about a microsecond. */
const MOST_AT_HAND = 1_024
const AT_HAND_BYTES = 1_200

/**
 * Values in few bytes, by places: integers, which take no memory of their own. There are two generations: what was not
 * asked for while the younger one filled up goes with the older one.
 */
export class PackedCache<Held extends NonNullable<unknown>, Packed extends NonNullable<unknown>> {
  readonly #packing: Packing<Held, Packed>
  readonly #atHand: LRUCache<number, Held>
  readonly #mostBytes: number
  #young = new Map<number, Packed>()
  #old = new Map<number, Packed>()
  #youngBytes = 0

  /** @param maxBytes of all entries together, estimated */
  constructor(packing: Packing<Held, Packed>, maxBytes: number) {
    this.#packing = packing
    this.#atHand = new LRUCache({ max: Math.min(MOST_AT_HAND, Math.max(1, Math.floor(maxBytes / AT_HAND_BYTES))) })
    this.#mostBytes = maxBytes / 2
  }

  get(place: number): Held | null {
    const atHand = this.#atHand.get(place)
    if (atHand !== undefined) return atHand
    const packed = this.#young.get(place) ?? this.#old.get(place)
    if (packed === undefined) return null
    if (!this.#young.has(place)) this.#keep(place, packed)
    const held = this.#packing.unpack(packed)
    this.#atHand.set(place, held)
    return held
  }

  set(place: number, held: Held): void {
    this.#atHand.set(place, held)
    this.#keep(place, this.#packing.pack(held))
  }

  #keep(place: number, packed: Packed): void {
    const before = this.#young.get(place)
    if (before !== undefined) this.#youngBytes -= this.#bytesOf(before)
    this.#old.delete(place)
    if (this.#youngBytes + this.#bytesOf(packed) > this.#mostBytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(place, packed)
    this.#youngBytes += this.#bytesOf(packed)
  }

  #bytesOf(packed: Packed): number {
    return OVERHEAD + this.#packing.bytesOf(packed)
  }
}
