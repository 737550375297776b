import { randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'
import { oneAtATime } from '../../runtime/one-at-a-time.js'
import { RecentPeak } from '../../runtime/recent-peak.js'
import type { Hints } from '../../storage/hints.js'
import type { Listener, Queryable, Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants } from '../../storage/tenant-scope.js'
import { renewGeneration } from './revocation-generation.js'
import { type Held, type Position, RevocationState } from './revocation-state.js'
import { deleteChanges, insertChanges, prepareReadFeed, type ReadChanges, type Watermark } from './revocation-store.js'
import type { Change, FeedListener } from './revocation-types.js'

export { floorOf } from './revocation-floor.js'

export interface RevocationSettings {
  /** How long anything lives that a node may hold without asking, in milliseconds: so long a change is remembered. */
  readonly horizon: number
  /** How far behind the database this node may be, in milliseconds. */
  readonly maxStaleness: number
}

/** What the readers of caches and tokens ask, without waiting. */
export interface Revocations {
  position(): Position
  isEnded(sessionId: string): boolean
  hasChangedSince(
    position: Position,
    read: { readonly id: string; readonly userId: string; readonly tenantId: string },
  ): boolean
  /** As `hasChangedSince`, for what any node has read, by the floor of that read. */
  hasChangedSinceFloor(
    floor: number,
    read: { readonly id: string; readonly userId: string; readonly tenantId: string },
  ): boolean
  /** Part of the name of whatever nodes share outside the database; null where nothing may be shared. */
  generation(): string | null
  /** When the account or its claims last changed, as far as is remembered; milliseconds by the database's clock. */
  changedAt(userId: string): number | null
  /** The database's clock, as far as this node knows: times in tokens are its times. Milliseconds. */
  databaseNow(): number
  /**
   * False when nothing has been heard from the database for `maxStaleness`: then what is held here decides nothing.
   * @param allowance milliseconds beyond it
   */
  isFresh(allowance?: number): boolean
}

export interface RevocationService extends Revocations {
  /** Adds changes to the transaction that makes them, and lets other processes know once it is committed. */
  write(tx: Transaction<Tables>, changes: readonly Change[]): Promise<void>
  /** Applies changes that this node has just committed: its next request knows. */
  applyOwn(changes: readonly Change[]): void
  /** Reads what others have committed. @throws SallyportError `unavailable` */
  sync(): Promise<void>
  /** `sync` where the node is not fresh; what is known counts when the database cannot be asked. */
  catchUp(): Promise<void>
  /** To tell other nodes that there is something to read, which they do when they have read the feed. */
  readonly hints: Pick<Hints, 'announce' | 'publish'>
  /** What is held now, to be told to others. */
  held(): Held
  /** `RevocationSettings.horizon`. */
  readonly horizon: number
  /** How long a change is remembered, in milliseconds. */
  readonly keep: number
  /** Tells of changes from now on. */
  subscribe(listener: FeedListener): void
  /** Listens for hints of other processes until `close`. */
  start(): Promise<void>
  isListening(): boolean
  /**
   * How far behind this node is, milliseconds: the longest that a change of the last minute took from its writing to
   * this node, and where the next read is overdue the time since the last one, if that is longer.
   */
  lag(): number
  /** How often this node could not tell what it had missed, and forgot what it held. */
  gaps(): number
  /** How often to `sync` even without a hint, in milliseconds. */
  readonly period: number
  /** Deletes changes that nobody needs any more, one bounded batch. Returns how many went. */
  cleanUp(db: Queryable): Promise<number>
  /** Retires whatever nodes share outside the database, for all of them. */
  renewGeneration(): Promise<void>
  close(): Promise<void>
}

/** Kept beyond the horizon: for clocks that disagree, and for nodes that read late. */
const MARGIN = 10 * 60_000
/** A request waits this long for the database, in milliseconds, where what is known may do. */
const PATIENCE = 500
/** A read longer than this is no measure of the database's clock, in milliseconds. */
const LONGEST_MEASURE = 250
/** After a failure the database is left alone this long. */
const PAUSE = 1_000
const CLEAN_UP_BATCH = 1_000
/** A read is due every period; the event loop may be busy for a moment. */
const OVERDUE = 1.5
/** Longer than the time between two looks at `lag`, in milliseconds. */
const LAG_WINDOW = 60_000

export function createRevocationService(parts: {
  readonly storage: Storage
  /** Other carriers of hints than the database's own. */
  readonly hints?: Hints
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: RevocationSettings
  /** Called when the keys have changed elsewhere. */
  readonly onKeyChange: () => void
}): RevocationService {
  const { storage, clock, logger, settings, onKeyChange } = parts
  const hints: Hints = parts.hints ?? {
    announce: (tx) => storage.announce(tx),
    publish: () => undefined,
    listen: (hint) => storage.listen(hint),
  }
  const state = new RevocationState()
  const keep = settings.horizon + MARGIN
  const readFeed = prepareReadFeed(allTenants(), storage, keep)
  /** Applied already and still at or above the watermark. */
  let applied = new Set<number>()
  let watermark: Watermark | null = null
  let server: string | null = null
  let syncedAt = Number.NEGATIVE_INFINITY
  let generation: string | null = null
  let failedAt = Number.NEGATIVE_INFINITY
  /** How far the database's clock is ahead of this node's, milliseconds. */
  let offset = 0
  let listener: Listener | null = null
  const delays = new RecentPeak(LAG_WINDOW)
  let gaps = 0
  const listeners: FeedListener[] = []

  const period = Math.max(50, Math.floor(settings.maxStaleness / 2))
  const sinceRead = () => Math.abs(clock.now() - syncedAt)
  const isFresh = (allowance = 0) => sinceRead() <= settings.maxStaleness + allowance

  async function read(): Promise<void> {
    // Taken before the read: what is committed after it may be missing from it.
    const started = clock.now()
    const { position } = state
    const wasDeaf = !isFresh()
    const isFirst = watermark === null
    const { isAnew, ...found } = await readWhole()
    const took = clock.now() - started
    // Half of the way is taken off. A read that took long, or in which the clock moved, tells too little of when it was.
    if (took >= 0 && took <= LONGEST_MEASURE) offset = found.now - started - took / 2
    const seen = new Set<number>()
    for (const change of found.changes) {
      if (!applied.has(change.seq)) {
        // What stands in the feed since before this node read it, or is its own, did not take that long to get here.
        if (!isAnew && !state.isOwn(change.subject)) delays.note(clock.now() + offset - change.at, clock.now())
        state.apply(change, change.at, change.mark)
        if (change.kind === 'key') onKeyChange()
        if (!isFirst) for (const { changed } of listeners) changed(change, change.at)
      }
      seen.add(change.seq)
    }
    // What is read is what stands at or above the old watermark; below the new one nothing is read again.
    applied = seen
    watermark = found.watermark
    server = found.server
    state.settle(position)
    state.forget(found.now - keep)
    // While nobody read, changes may have come and been cleaned up.
    if (wasDeaf) state.knowFrom(found.floor)
    const isGap = !isFirst && (wasDeaf || isAnew)
    if (isGap) gaps++
    generation = found.generation
    syncedAt = started
    for (const { missed, synced } of listeners) {
      if (isGap) missed()
      synced(found)
    }
  }

  /**
   * A database that was restored or failed over may have lost the last transactions, and gives their numbers out again.
   * It shows by a lower mark, or by another server, whose numbers may have overtaken the mark: then all is read.
   */
  async function readWhole(): Promise<ReadChanges & { readonly isAnew: boolean }> {
    const from = watermark
    const found = await readFeed(from)
    const goesOn = from === null || (found.watermark >= from && found.server === server)
    if (goesOn) return { ...found, isAnew: from === null }
    applied = new Set()
    // What nodes share was read under numbers that are given out again.
    if (found.generation !== null) await renewGeneration(storage.db, newGeneration())
    return { ...(await readFeed(null)), isAnew: true }
  }

  const sync = oneAtATime(read)

  async function trySync(): Promise<void> {
    try {
      await sync()
    } catch (error) {
      failedAt = clock.now()
      const cause = error instanceof Error ? error.message : String(error)
      logger.warn({ cause }, 'revocations of other nodes cannot be read')
    }
  }

  return {
    position: () => state.position,
    isEnded: (sessionId) => state.isEnded(sessionId),
    hasChangedSince: (position, read) => state.hasChangedSince(position, read),
    hasChangedSinceFloor: (floor, read) => state.hasChangedSinceFloor(floor, read),
    generation: () => generation,
    changedAt: (userId) => state.changedAt(userId),
    isFresh,
    isListening: () => listener?.isListening() ?? false,
    sync,
    period,
    lag() {
      const since = sinceRead()
      return Math.max(delays.at(clock.now()), since > OVERDUE * period ? since : 0)
    },
    gaps: () => gaps,
    hints,
    held: () => state.held(),
    horizon: settings.horizon,
    keep,
    subscribe(listener) {
      listeners.push(listener)
    },

    async write(tx, changes) {
      if (changes.length === 0) return
      await insertChanges(allTenants(), tx, storage, changes)
      await hints.announce(tx)
    },
    applyOwn(changes) {
      for (const change of changes) {
        const at = clock.now() + offset
        state.applyOwn(change, at)
        for (const { changed } of listeners) changed(change, at)
      }
      if (changes.length > 0) hints.publish()
    },
    async catchUp() {
      if (isFresh() || Math.abs(clock.now() - failedAt) < PAUSE) return
      // A database that does not answer must not hold up every request: the read goes on without them.
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          failedAt = clock.now()
          resolve()
        }, PATIENCE)
      })
      await Promise.race([trySync(), late])
      clearTimeout(timer)
    },
    databaseNow: () => clock.now() + offset,
    async start() {
      await sync()
      listener = await hints.listen(() => void trySync())
    },
    async renewGeneration() {
      await renewGeneration(storage.db, newGeneration())
    },
    cleanUp: (db) => deleteChanges(allTenants(), db, storage, keep + MARGIN, CLEAN_UP_BATCH),
    async close() {
      await listener?.close()
    },
  }
}

function newGeneration(): string {
  return randomBytes(12).toString('base64url')
}
