import { randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'
import type { Hints } from '../../storage/hints.js'
import type { Listener, Queryable, Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants } from '../../storage/tenant-scope.js'
import { type Position, RevocationState } from './revocation-state.js'
import { deleteChanges, insertChanges, readChanges, renewGeneration, type Watermark } from './revocation-store.js'
import type { Change } from './revocation-types.js'

export { floorOf } from './revocation-store.js'

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
  /** The database's time, as far as it is known here; milliseconds. */
  databaseNow(): number
  /** Part of the name of whatever nodes share outside the database; null where nothing may be shared. */
  generation(): string | null
  /** When the account or its claims last changed, as far as is remembered; milliseconds by the database's clock. */
  changedAt(userId: string): number | null
  /** False when nothing has been heard from the database for `maxStaleness`: then what is held here decides nothing. */
  isFresh(): boolean
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
  /** Listens for hints of other processes until `close`. */
  start(): Promise<void>
  isListening(): boolean
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
/** After a failure the database is left alone this long. */
const PAUSE = 1_000
const CLEAN_UP_BATCH = 1_000

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
  /** Applied already and still at or above the watermark. */
  let applied = new Set<number>()
  let watermark: Watermark | null = null
  let syncedAt = Number.NEGATIVE_INFINITY
  /** The database's time of that moment, or a little later. */
  let databaseTime = 0
  let generation: string | null = null
  let failedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null
  let askedAgain = false
  let listener: Listener | null = null

  const isFresh = () => Math.abs(clock.now() - syncedAt) <= settings.maxStaleness

  async function read(): Promise<void> {
    // Taken before the read: what is committed after it may be missing from it.
    const started = clock.now()
    const { position } = state
    const wasDeaf = !isFresh()
    const found = await readChanges(allTenants(), storage.db, storage, watermark, started - keep)
    const seen = new Set<number>()
    for (const change of found.changes) {
      if (!applied.has(change.seq)) {
        state.apply(change, change.at, change.mark)
        if (change.kind === 'key') onKeyChange()
      }
      seen.add(change.seq)
    }
    // What is read is what stands at or above the old watermark; below the new one nothing is read again.
    applied = seen
    watermark = found.watermark
    state.settle(position)
    state.forget(started - keep)
    // While nobody read, changes may have come and been cleaned up.
    if (wasDeaf) state.knowFrom(found.floor)
    databaseTime = found.now
    generation = found.generation
    syncedAt = started
  }

  /** One reader at a time; who asks meanwhile gets a read that started after the asking. */
  function sync(): Promise<void> {
    askedAgain = true
    reading ??= (async () => {
      try {
        while (askedAgain) {
          askedAgain = false
          await read()
        }
      } finally {
        reading = null
      }
    })()
    return reading
  }

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
    databaseNow: () => databaseTime + (clock.now() - syncedAt),
    generation: () => generation,
    changedAt: (userId) => state.changedAt(userId),
    isFresh,
    isListening: () => listener?.isListening() ?? false,
    sync,
    period: Math.max(50, Math.floor(settings.maxStaleness / 2)),

    async write(tx, changes) {
      if (changes.length === 0) return
      await insertChanges(allTenants(), tx, storage, changes)
      await hints.announce(tx)
    },
    applyOwn(changes) {
      for (const change of changes) state.applyOwn(change, clock.now())
      if (changes.length > 0) hints.publish()
    },
    async catchUp() {
      if (!isFresh() && Math.abs(clock.now() - failedAt) >= PAUSE) await trySync()
    },
    async start() {
      await sync()
      listener = await hints.listen(() => void trySync())
    },
    async renewGeneration() {
      await renewGeneration(storage.db, randomBytes(12).toString('base64url'))
    },
    cleanUp: (db) => deleteChanges(allTenants(), db, clock.now() - keep - MARGIN, CLEAN_UP_BATCH),
    async close() {
      await listener?.close()
    },
  }
}
