import { type RawBuilder, sql } from 'kysely'
import type { Storage } from '../../storage/storage.js'
import type { SessionRecord } from './session-types.js'

interface Seen {
  readonly id: string
  readonly tenantId: string
  /** Database times, milliseconds. */
  at: number
  readonly written: number
}

/** How many sessions' activity is held before it is written ahead of its time. */
const MOST_HELD = 20_000
const BATCH = 500

/**
 * Activity is seen on every request and written at most once an interval for each session, in batches: nothing is
 * written on a read. What a crash loses is at most one interval of idleness, which expiry allows for.
 */
export class SessionActivity {
  readonly #storage: Storage
  readonly #interval: number
  readonly #seen = new Map<string, Seen>()
  #flushing: Promise<void> = Promise.resolve()

  /** @param interval milliseconds */
  constructor(storage: Storage, interval: number) {
    this.#storage = storage
    this.#interval = interval
  }

  /** How often `flush` is to be called, in milliseconds. */
  get flushPeriod(): number {
    return Math.min(5_000, Math.max(50, Math.floor(this.#interval / 4)))
  }

  /** The last activity of a session, as this node knows it. */
  lastActivity(session: SessionRecord): number {
    return Math.max(session.lastActivity, this.#seen.get(session.id)?.at ?? 0)
  }

  /** Notes that the session was used at `now`, the database's time. */
  touch(session: Pick<SessionRecord, 'id' | 'tenantId' | 'lastActivity'>, now: number): void {
    if (now <= session.lastActivity) return
    const seen = this.#seen.get(session.id)
    if (seen !== undefined && seen.written === session.lastActivity) seen.at = Math.max(seen.at, now)
    else
      this.#seen.set(session.id, { id: session.id, tenantId: session.tenantId, at: now, written: session.lastActivity })
  }

  /** Forgets a session that ended. */
  forget(id: string): void {
    this.#seen.delete(id)
  }

  /** Writes what is due. @param everything at a shutdown: also what could still wait */
  flush(now: number, everything = false): Promise<void> {
    this.#flushing = this.#flushing
      .catch(() => undefined)
      .then(() => this.#write(now, everything || this.#seen.size > MOST_HELD))
    return this.#flushing
  }

  async #write(now: number, everything: boolean): Promise<void> {
    const due = [...this.#seen.values()].filter((seen) => everything || now - seen.written >= this.#interval)
    // One order for every node, so that two batches cannot wait for each other.
    due.sort((left, right) => (left.id < right.id ? -1 : 1))
    for (let start = 0; start < due.length; start += BATCH) {
      const batch = due.slice(start, start + BATCH)
      const written = batch.map((seen) => ({ ...seen }))
      await this.#storage.transaction((tx) =>
        touchSessions(written)
          .execute(tx)
          .then(() => undefined),
      )
      for (const { id, at } of written) if ((this.#seen.get(id)?.at ?? 0) <= at) this.#seen.delete(id)
    }
  }
}

function touchSessions(batch: readonly Seen[]): RawBuilder<unknown> {
  const rows = batch.map(
    ({ id, tenantId, at }) => sql`(cast(${id} as text), cast(${tenantId} as text), cast(${at} as bigint))`,
  )
  return sql`
    with seen (id, tenant_id, at) as (values ${sql.join(rows)})
    update sessions set last_activity = seen.at from seen
    where sessions.id = seen.id and sessions.tenant_id = seen.tenant_id
      and sessions.last_activity < seen.at and sessions.revoked_at is null`
}
