import { LRUCache } from 'lru-cache'
import { last32Bits } from '../../runtime/ids.js'
import { PackedReader, PackedWriter } from '../../runtime/packed-values.js'
import { type CommonOfSession, readFound, writeFound } from './session-entry.js'
import type { HeldSession } from './session-types.js'

/** Of a token whose MAC has been checked: it need not be again, since neither key nor salt of a session changes. */
export interface TokenMark {
  /** SHA-256 of the token, a character for each byte: memory holds no token. */
  readonly digest: string
  readonly counter: number
}

/** A session in memory, with the token that it was last asked for by. */
export interface RememberedSession extends HeldSession {
  readonly mark: TokenMark | null
}

/** A session of which nobody has asked just now. */
interface PackedSession extends CommonOfSession {
  /** The mark's digest, so that a token is recognised by the beginning, and all the rest. */
  readonly packed: string
}

const DIGEST_BYTES = 32
const NO_DIGEST = '\0'.repeat(DIGEST_BYTES)
/** Of a packed session beside its text: measured by `npm run bench -- memory`. */
const OVERHEAD = 120
/** Those that were asked for last are kept at hand: to unpack one takes about a microsecond. */
const MOST_AT_HAND = 1_024
const AT_HAND_BYTES = 1_200

const writer = new PackedWriter()

/**
 * The sessions in this node's memory, each in some 250 bytes. There are two generations: what was not asked for while
 * the younger one filled up goes with the older one. A session's place is the last 32 bits of its id, which are random:
 * an integer takes no memory of its own, and two sessions of one place take turns.
 */
export class SessionMemory {
  readonly #atHand: LRUCache<number, RememberedSession>
  readonly #mostBytes: number
  #young = new Map<number, PackedSession>()
  #old = new Map<number, PackedSession>()
  #youngBytes = 0

  /** @param maxBytes of the sessions together, estimated */
  constructor(maxBytes: number) {
    this.#atHand = new LRUCache({ max: Math.min(MOST_AT_HAND, Math.max(1, Math.floor(maxBytes / AT_HAND_BYTES))) })
    this.#mostBytes = maxBytes / 2
  }

  get(id: string): RememberedSession | null {
    const held = this.#at(last32Bits(id))
    return held?.found.session.id === id ? held : null
  }

  /** The session whose mark is of that token. @param place of the session that the token names: the last 32 bits of its id */
  recognise(place: number, digest: string): RememberedSession | null {
    const atHand = this.#atHand.get(place)
    if (atHand !== undefined) return atHand.mark?.digest === digest ? atHand : null
    const packed = this.#young.get(place) ?? this.#old.get(place)
    return packed?.packed.startsWith(digest) ? this.#at(place) : null
  }

  set(held: RememberedSession): void {
    const place = last32Bits(held.found.session.id)
    this.#atHand.set(place, held)
    this.#keep(place, pack(held))
  }

  #at(place: number): RememberedSession | null {
    const atHand = this.#atHand.get(place)
    if (atHand !== undefined) return atHand
    const packed = this.#young.get(place) ?? this.#old.get(place)
    if (packed === undefined) return null
    if (!this.#young.has(place)) this.#keep(place, packed)
    const held = unpack(packed)
    this.#atHand.set(place, held)
    return held
  }

  #keep(place: number, packed: PackedSession): void {
    const before = this.#young.get(place)
    if (before !== undefined) this.#youngBytes -= bytesOf(before)
    this.#old.delete(place)
    if (this.#youngBytes + bytesOf(packed) > this.#mostBytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(place, packed)
    this.#youngBytes += bytesOf(packed)
  }
}

function bytesOf({ packed }: PackedSession): number {
  return packed.length + OVERHEAD
}

function pack({ found, readAt, position, mark }: RememberedSession): PackedSession {
  const { tenantId, userAgent } = found.session
  writer
    .start()
    .raw(mark?.digest ?? NO_DIGEST)
    .number(mark?.counter ?? null)
    .number(readAt)
    .number(position)
  return { packed: writeFound(writer, found).characters(), tenantId, userAgent }
}

function unpack(session: PackedSession): RememberedSession {
  const reader = new PackedReader(session.packed)
  const digest = reader.raw(DIGEST_BYTES)
  const counter = reader.numberOrNull()
  const mark = counter === null ? null : { digest, counter }
  return { mark, readAt: reader.number(), position: reader.number(), found: readFound(reader, session) }
}
