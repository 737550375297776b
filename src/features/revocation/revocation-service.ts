import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'
import type { Storage } from '../../storage/storage.js'
import { allTenants } from '../../storage/tenant-scope.js'
import { listRevokedSince } from './revocation-store.js'

export interface RevocationSettings {
  /** The longest life of a token that carries no state, milliseconds: for so long a revocation is remembered. */
  readonly horizon: number
  /** How far behind the database this node may be, milliseconds. */
  readonly maxStaleness: number
}

export interface RevocationService {
  /**
   * True where the session was ended. Asks the database first when this node has not heard from it for `maxStaleness`;
   * when it cannot be reached nothing can have been revoked there either, and what is known counts.
   */
  isRevoked(sessionId: string): boolean | Promise<boolean>
  /** Notes a session that was ended on this node: its next request is refused. */
  note(sessionId: string): void
  /** Reads what other processes have ended. @throws SallyportError `unavailable` */
  sync(): Promise<void>
  /** How often to `sync`, so that a request seldom has to, in milliseconds. */
  readonly period: number
}

/** A revocation is written with the time of its statement and seen with its commit: transactions are shorter than this. */
const OVERLAP = 60_000
/** After a failure the database is left alone this long. */
const PAUSE = 1_000

export function createRevocationService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: RevocationSettings
}): RevocationService {
  const { storage, clock, logger, settings } = parts
  const revoked = new Map<string, number>()
  let newest = 0
  let syncedAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let syncing: Promise<void> | null = null

  async function read(): Promise<void> {
    // Taken before the read: what is committed after it may be missing from it.
    const started = clock.now()
    const since = newest === 0 ? started - settings.horizon - OVERLAP : newest - OVERLAP
    for (const { id, revokedAt } of await listRevokedSince(allTenants(), storage.db, since)) {
      revoked.set(id, revokedAt)
      newest = Math.max(newest, revokedAt)
    }
    for (const [id, revokedAt] of revoked) if (revokedAt < started - settings.horizon - OVERLAP) revoked.delete(id)
    syncedAt = started
  }

  function sync(): Promise<void> {
    syncing ??= read().finally(() => {
      syncing = null
    })
    return syncing
  }

  async function askFirst(sessionId: string): Promise<boolean> {
    try {
      await sync()
    } catch (error) {
      failedAt = clock.now()
      logger.warn(
        { cause: error instanceof Error ? error.message : String(error) },
        'revocations of other nodes cannot be read',
      )
    }
    return revoked.has(sessionId)
  }

  return {
    sync,
    period: Math.max(50, Math.floor(settings.maxStaleness / 2)),
    note(sessionId) {
      revoked.set(sessionId, clock.now())
    },
    isRevoked(sessionId) {
      if (revoked.has(sessionId)) return true
      const now = clock.now()
      const isFresh = Math.abs(now - syncedAt) <= settings.maxStaleness || Math.abs(now - failedAt) < PAUSE
      return isFresh ? false : askFirst(sessionId)
    },
  }
}
