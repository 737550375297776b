import type { Clock } from '../../runtime/clock.js'
import { acquireLease } from '../../storage/leases.js'
import type { Storage } from '../../storage/storage.js'
import { readActiveSessions, writeActiveSessions } from './metric-store.js'

const LEASE = 'count_sessions'
/** Milliseconds between two counts in the whole deployment. */
const PERIOD = 60_000
/** A scrape waits this long for the database, milliseconds; then it shows what was known before. */
const PATIENCE = 1_000

/**
 * How many sessions are active: counted once a minute by whichever node is scraped, kept in the database, and shown
 * alike by all. Nobody scrapes, nobody counts.
 */
export class ActiveSessions {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #holder: string
  readonly #count: () => Promise<number>
  #known: { readonly count: number; readonly at: number } | null = null
  #refreshing: Promise<void> | null = null

  /** @param parts.holder names this node to the others */
  constructor(parts: {
    readonly storage: Storage
    readonly clock: Clock
    readonly holder: string
    readonly count: () => Promise<number>
  }) {
    this.#storage = parts.storage
    this.#clock = parts.clock
    this.#holder = parts.holder
    this.#count = parts.count
  }

  /** Null while it has not been counted. */
  async read(): Promise<number | null> {
    const age = this.#known === null ? Number.POSITIVE_INFINITY : Math.abs(this.#clock.now() - this.#known.at)
    if (age >= PERIOD) await this.#atMost(PATIENCE, this.#refreshOnce())
    return this.#known?.count ?? null
  }

  #refreshOnce(): Promise<void> {
    this.#refreshing ??= this.#refresh()
      // The database's absence shows elsewhere, and what was known stays.
      .catch(() => undefined)
      .finally(() => {
        this.#refreshing = null
      })
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    const storage = this.#storage
    const { shared, now } = await readActiveSessions(storage.db, storage)
    const isYoung = shared !== null && Math.abs(shared.age) < PERIOD
    if (isYoung || !(await acquireLease(storage, LEASE, this.#holder, PERIOD))) {
      if (shared !== null) this.#known = { count: shared.count, at: this.#clock.now() - shared.age }
      return
    }
    const count = await this.#count()
    await writeActiveSessions(storage.db, count, now)
    this.#known = { count, at: this.#clock.now() }
  }

  async #atMost(patience: number, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([work, late])
    clearTimeout(timer)
  }
}
