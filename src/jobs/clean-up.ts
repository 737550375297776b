import type { Clock } from '../runtime/clock.js'
import { acquireLease, completeLease } from '../storage/leases.js'
import type { Storage } from '../storage/storage.js'

const LEASE = 'clean_up'
/** Batches in a row before the rest waits for the next time, so that a backlog cannot hold the database for long. */
const MOST_BATCHES = 50

/** What one batch did, or one run of several. */
export interface Swept {
  /** Rows. */
  readonly removed: number
  /** Nothing is left to do for now. */
  readonly isThrough: boolean
}

export interface CleanUp {
  /** @returns null where another node is at it */
  run(): Promise<Swept | null>
  /** @throws Error when no node has cleaned up for three intervals */
  check(): Promise<void>
}

/**
 * Removes what ended long ago, in bounded batches, on one node at a time.
 * @param interval milliseconds between two runs
 * @param removeBatch deletes one batch
 */
export function createCleanUp(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly holder: string
  readonly interval: number
  readonly removeBatch: () => Promise<Swept>
  /** Done once in each run. */
  readonly finish?: () => Promise<void>
}): CleanUp {
  const { storage, clock, holder, interval, removeBatch, finish } = parts
  const startedAt = clock.now()
  return {
    async run() {
      if (!(await acquireLease(storage, LEASE, holder, Math.max(60_000, interval)))) return null
      let swept: Swept = { removed: 0, isThrough: false }
      for (let batch = 0; batch < MOST_BATCHES && !swept.isThrough; batch++) {
        const { removed, isThrough } = await removeBatch()
        swept = { removed: swept.removed + removed, isThrough }
      }
      await finish?.()
      await completeLease(storage, LEASE, holder)
      return swept
    },
    async check() {
      const lease = await storage.db
        .selectFrom('leases')
        .select('last_success_at')
        .where('name', '=', LEASE)
        .executeTakeFirst()
      const since = Math.max(startedAt, lease?.last_success_at ?? 0)
      if (clock.now() - since > 3 * interval + 60_000) throw new Error('nothing was cleaned up for three intervals')
    },
  }
}
