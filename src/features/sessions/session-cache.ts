import { LRUCache } from 'lru-cache'
import type { Clock } from '../../runtime/clock.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { Revocations } from '../revocation/revocation-service.js'
import type { FindSession } from './session-lookup.js'
import { SessionMemory, type TokenMark } from './session-memory.js'
import type { SharedSessions } from './session-shared.js'
import type { FoundSession, HeldSession, SessionRecord } from './session-types.js'

export interface SessionCacheSettings {
  /** How long an entry is believed, in milliseconds: no longer than a spent pair is honoured, so no refresh is missed. */
  readonly trust: number
  /** Of the entries together, estimated. */
  readonly maxBytes: number
}

/** How often a tier had what was looked for, and how often not. */
export interface TierLookups {
  hit: number
  miss: number
}

export type LookupTier = 'memory' | 'redis' | 'database'

const ABSENT_FOR = 2_000
const MOST_ABSENT = 10_000
/** For a session that changes under every read the database is asked once more, for this request alone. */
const ATTEMPTS = 2

/** Whose token it is, as memory knows it. */
export interface RecognisedToken {
  readonly tenantId: string
  readonly sessionId: string
  readonly counter: number
  /** The session, where what is held of it may be believed now. */
  readonly found: FoundSession | null
}

/**
 * Sessions in this node's memory. An entry is used only while the node hears of changes and none concerns it; a read
 * that raced a change is read again. The database stays the truth.
 */
export class SessionCache {
  readonly #entries: SessionMemory
  readonly #absent = new LRUCache<string, number>({ max: MOST_ABSENT })
  readonly #reading = new Map<string, Promise<HeldSession | null>>()
  readonly #find: FindSession
  readonly #shared: SharedSessions | null
  readonly #revocations: Revocations
  readonly #clock: Clock
  readonly #trust: number
  readonly lookups: Readonly<Record<LookupTier, TierLookups>> = {
    memory: { hit: 0, miss: 0 },
    redis: { hit: 0, miss: 0 },
    database: { hit: 0, miss: 0 },
  }

  constructor(parts: {
    readonly find: FindSession
    /** Asked before the database. */
    readonly shared?: SharedSessions | null
    readonly revocations: Revocations
    readonly clock: Clock
    readonly settings: SessionCacheSettings
  }) {
    this.#find = parts.find
    this.#shared = parts.shared ?? null
    this.#revocations = parts.revocations
    this.#clock = parts.clock
    this.#trust = parts.settings.trust
    this.#entries = new SessionMemory(parts.settings.maxBytes)
  }

  /** What is held of a session and may be believed now; null where the database must be asked. */
  peek(scope: OneTenant, id: string): FoundSession | null {
    const entry = this.#entries.get(id)
    const isOurs = entry !== null && entry.found.session.tenantId === scope.tenantId
    if (!isOurs || !this.#isGood(entry)) return null
    this.lookups.memory.hit++
    return this.#now(entry)
  }

  /**
   * The session that was asked for by this very token before; null where its MAC has to be checked.
   * @param place the last 32 bits of the id of the session that the token names
   */
  recognise(place: number, digest: string): RecognisedToken | null {
    const entry = this.#entries.recognise(place, digest)
    if (entry === null || entry.mark === null) return null
    const isGood = this.#isGood(entry)
    if (isGood) this.lookups.memory.hit++
    const { tenantId, id: sessionId } = entry.found.session
    return { tenantId, sessionId, counter: entry.mark.counter, found: isGood ? this.#now(entry) : null }
  }

  /** Notes a token of the session whose MAC was found to be right. */
  mark({ tenantId, id }: Pick<SessionRecord, 'tenantId' | 'id'>, mark: TokenMark): void {
    const entry = this.#entries.get(id)
    if (entry?.found.session.tenantId === tenantId) this.#entries.set({ ...entry, mark })
  }

  /** A session as it is now: from memory, from what nodes share, or from the database with one read for all who ask. */
  async find(scope: OneTenant, id: string): Promise<FoundSession | null> {
    const held = this.peek(scope, id)
    if (held !== null) return held
    const key = `${scope.tenantId} ${id}`
    const absentUntil = this.#absent.get(key)
    const isAbsent = absentUntil !== undefined && this.#clock.now() < absentUntil
    this.lookups.memory[isAbsent ? 'hit' : 'miss']++
    if (isAbsent) return null
    const askedAt = this.#clock.now()
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const entry = await this.#read(scope, id, key)
      if (entry === null) return null
      // Who joined a read that began before a change, or longer ago than an entry is believed, must not be answered by it.
      const isOwn = entry.readAt >= askedAt && !this.#hasChanged(entry)
      if (isOwn || this.#isGood(entry)) return this.#now(entry)
    }
    return (await this.#ask(scope, id))?.found ?? null
  }

  /** Asks the database, whatever is held; what it gives takes the place of an older pair. */
  async read(scope: OneTenant, id: string): Promise<FoundSession | null> {
    const entry = await this.#ask(scope, id)
    if (entry === null) return null
    const held = this.#entries.get(id)
    if (held !== null && held.found.session.counter < entry.found.session.counter) this.#keep(entry)
    return entry.found
  }

  /** Believes nothing any more that is held of a session, as before this node ends it. Its token stays known. */
  forget(id: string): void {
    const entry = this.#entries.get(id)
    if (entry !== null) this.#entries.set({ ...entry, readAt: Number.NEGATIVE_INFINITY })
  }

  /** Changes a session by `change`, and holds it from then on as that gives it: null where it could not be changed. */
  async change(id: string, change: () => Promise<FoundSession | null>): Promise<FoundSession | null> {
    const entry = await this.#begun(change)
    // It may be another's by now, and where it is as it was before the change nobody is served by it.
    this.forget(id)
    if (entry === null) return null
    this.#keep(entry)
    return entry.found
  }

  #read(scope: OneTenant, id: string, key: string): Promise<HeldSession | null> {
    const reading = this.#reading.get(key)
    if (reading !== undefined) return reading
    const started = this.#fill(scope, id, key).finally(() => this.#reading.delete(key))
    this.#reading.set(key, started)
    return started
  }

  async #fill(scope: OneTenant, id: string, key: string): Promise<HeldSession | null> {
    if (this.#shared !== null) {
      const shared = await this.#shared.read(scope, id)
      this.lookups.redis[shared === null ? 'miss' : 'hit']++
      if (shared !== null) {
        this.#hold(shared)
        return shared
      }
    }
    const entry = await this.#ask(scope, id)
    if (entry === null) this.#absent.set(key, this.#clock.now() + ABSENT_FOR)
    else this.#keep(entry)
    return entry
  }

  async #ask(scope: OneTenant, id: string): Promise<HeldSession | null> {
    const entry = await this.#begun(() => this.#find(scope, id))
    this.lookups.database[entry === null ? 'miss' : 'hit']++
    return entry
  }

  /** What a statement gives, with where things stood when it began. */
  async #begun(statement: () => Promise<FoundSession | null>): Promise<HeldSession | null> {
    const position = this.#revocations.position()
    const readAt = this.#clock.now()
    const found = await statement()
    return found === null ? null : { found, readAt, position }
  }

  #keep(entry: HeldSession): void {
    if (this.#hasChanged(entry)) return
    this.#hold(entry)
    this.#shared?.offer(entry.found)
  }

  /** A read that was overtaken by a refresh takes the place of nothing; what is known of a token stays known. */
  #hold(entry: HeldSession): void {
    const { id, tenantId, counter } = entry.found.session
    const held = this.#entries.get(id)
    const isOvertaken = held !== null && held.found.session.counter > counter && this.#isGood(held)
    const mark = held?.found.session.tenantId === tenantId ? held.mark : null
    if (!isOvertaken) this.#entries.set({ ...entry, mark })
  }

  #isGood(entry: HeldSession): boolean {
    const age = this.#clock.now() - entry.readAt
    return age >= 0 && age < this.#trust && this.#revocations.isFresh() && !this.#hasChanged(entry)
  }

  #hasChanged({ found: { session }, position }: HeldSession): boolean {
    return this.#revocations.hasChangedSince(position, session)
  }

  /** The database's clock goes on while an entry is held. */
  #now({ found, readAt }: HeldSession): FoundSession {
    const passed = this.#clock.now() - readAt
    return passed <= 0 ? found : { ...found, now: found.now + passed }
  }
}
