import { isProven } from '../../contract/identity.js'
import { type MasterKey, SealError, type Sealer } from '../../crypto/master-key.js'
import type { Clock } from '../../runtime/clock.js'
import type { SharedEntries } from '../../storage/shared-entries.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { Revocations } from '../revocation/revocation-service.js'
import type { Change } from '../revocation/revocation-types.js'
import { decodeEntry, encodeEntry } from './session-entry.js'
import type { FoundSession, HeldSession } from './session-types.js'

/** Another shape of entries takes another number: two releases may run side by side. */
const FORMAT = 'v3'
/** A tombstone outlasts what a slow node may still write, in milliseconds. */
const TOMBSTONE_FOR = 60_000
/** An entry may be this much ahead of what a node takes for the database's time. */
const AHEAD = 1_000

/**
 * Sessions that one node has read and all may use. Nothing there is believed for being there: an entry is sealed under
 * the master key and bound to its name, counts for as long as memory's own, and only where this node hears of changes
 * and knows of none that the entry's read could have missed. So a lost tombstone, a late write, a flush or an old dump
 * cost a look-up in the database and nothing else.
 */
export class SharedSessions {
  readonly #entries: SharedEntries
  readonly #revocations: Revocations
  readonly #clock: Clock
  readonly #masterKey: MasterKey
  readonly #trust: number
  #sealer: { readonly generation: string; readonly sealer: Sealer } | null = null

  /** @param parts.trust how long an entry is believed, milliseconds by the database's clock */
  constructor(parts: {
    readonly entries: SharedEntries
    readonly revocations: Revocations
    readonly clock: Clock
    readonly masterKey: MasterKey
    readonly trust: number
  }) {
    this.#entries = parts.entries
    this.#revocations = parts.revocations
    this.#clock = parts.clock
    this.#masterKey = parts.masterKey
    this.#trust = parts.trust
  }

  /** A session that may be believed now, as memory holds it; null where the database must be asked. */
  async read(scope: OneTenant, id: string): Promise<HeldSession | null> {
    const generation = this.#revocations.generation()
    if (generation === null || !this.#revocations.isFresh()) return null
    const key = keyOf(generation, scope.tenantId, id)
    const text = await this.#entries.read(key)
    const found = text === null ? null : this.#open(generation, key, text)
    if (found === null) return null
    // From here on nothing waits: what is known now is what counts.
    const age = this.#revocations.databaseNow() - found.now
    const isYoung = age > -AHEAD && age < this.#trust
    const mayHaveChanged = this.#revocations.hasChangedSinceFloor(found.floor, found.session)
    if (!isYoung || mayHaveChanged || !this.#revocations.isFresh()) return null
    return { found, readAt: this.#clock.now() - Math.max(0, age), position: this.#revocations.position() }
  }

  /** Offers what was read from the database to the other nodes. */
  offer(found: FoundSession): void {
    const { session, floor } = found
    const generation = this.#revocations.generation()
    if (generation === null || !isOffered(found)) return
    const key = keyOf(generation, session.tenantId, session.id)
    const sealed = this.#sealerOf(generation).seal(key, encodeEntry(found)).toString('base64')
    this.#entries.offer(key, { floor, counter: session.counter }, sealed, this.#trust)
  }

  /** Leaves tombstones for the sessions that this node has ended. */
  bury(changes: readonly Change[]): void {
    const generation = this.#revocations.generation()
    if (generation === null) return
    for (const { kind, tenantId, subject } of changes) {
      if (kind === 'session') this.#entries.bury(keyOf(generation, tenantId, subject), this.#trust + TOMBSTONE_FOR)
    }
  }

  #open(generation: string, key: string, text: string): FoundSession | null {
    try {
      const found = decodeEntry(this.#sealerOf(generation).open(key, Buffer.from(text, 'base64')))
      return found !== null && isOffered(found) ? found : null
    } catch (error) {
      // Whoever can write to Redis can write anything: it is not an entry.
      if (error instanceof SealError) return null
      throw error
    }
  }

  #sealerOf(generation: string): Sealer {
    if (this.#sealer?.generation !== generation) {
      this.#sealer = { generation, sealer: this.#masterKey.sealerFor(`sessions in a shared cache ${generation}`) }
    }
    return this.#sealer.sealer
  }
}

/** What has ended is nobody's to share; what nobody proved is for each node to look up, since they may differ in mode. */
function isOffered({ session, holder }: FoundSession): boolean {
  return session.revokedAt === null && holder.disabledAt === null && isProven(session.authMethods)
}

function keyOf(generation: string, tenantId: string, sessionId: string): string {
  return `sallyport:${FORMAT}:${generation}:${tenantId}:session:${sessionId}`
}
