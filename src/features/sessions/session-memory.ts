import { last32Bits } from '../../runtime/ids.js'
import { PackedCache } from '../../runtime/packed-cache.js'
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
  readonly packed: string
}

const DIGEST_BYTES = 32
const NO_DIGEST = '\0'.repeat(DIGEST_BYTES)
/** Of the object around the text. */
const WRAPPER_BYTES = 48

const writer = new PackedWriter()

/**
 * The sessions in this node's memory, each in some 250 bytes. A session's place is the last 32 bits of its id, which are
 * random: two sessions of one place take turns.
 */
export class SessionMemory {
  readonly #sessions: PackedCache<RememberedSession, PackedSession>

  /** @param maxBytes of the sessions together, estimated */
  constructor(maxBytes: number) {
    const bytesOf = ({ packed }: PackedSession) => packed.length + WRAPPER_BYTES
    this.#sessions = new PackedCache({ pack, unpack, bytesOf }, maxBytes)
  }

  get(id: string): RememberedSession | null {
    const held = this.#sessions.get(last32Bits(id))
    return held?.found.session.id === id ? held : null
  }

  /** The session whose mark is of that token. @param place of the session that the token names: the last 32 bits of its id */
  recognise(place: number, digest: string): RememberedSession | null {
    const held = this.#sessions.get(place)
    return held?.mark?.digest === digest ? held : null
  }

  set(held: RememberedSession): void {
    this.#sessions.set(last32Bits(held.found.session.id), held)
  }
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
