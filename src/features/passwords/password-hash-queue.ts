import { SallyportError } from '../../contract/sallyport-error.js'
import { Histogram } from '../../runtime/histogram.js'
import { FairLanes, type LanePath } from './password-fair-lanes.js'
import type { HashAlgorithm } from './password-hash.js'

/** Seconds. */
const HASH_TIMES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Waiting {
  readonly start: () => void
  readonly giveUp: () => void
}

/**
 * The door-keeper of password hashing: as many hashes at once as there are cores, a bounded queue behind them, and a
 * deadline, since an answer that nobody waits for any more is work for nothing. Past either: `overloaded`. Tenants,
 * networks and addresses take turns, and where the queue is full whoever has the most in it makes room, so that a flood
 * from one address or one network delays nobody else by more than its own turn.
 */
export class PasswordHashQueue {
  readonly #concurrency: number
  readonly #longest: number
  readonly #deadline: number
  readonly #waiting = new FairLanes<Waiting>()
  /** What hashes took, in seconds, without their wait. */
  readonly times: Readonly<Record<HashAlgorithm, Histogram>> = {
    argon2id: new Histogram(HASH_TIMES),
    bcrypt: new Histogram(HASH_TIMES),
  }
  #running = 0
  /** A moving average, milliseconds. */
  #hashTime = 50

  /** @param limits `deadline` in milliseconds */
  constructor(limits: { readonly concurrency: number; readonly longest: number; readonly deadline: number }) {
    this.#concurrency = limits.concurrency
    this.#longest = limits.longest
    this.#deadline = limits.deadline
  }

  /** How many wait for their turn. */
  get depth(): number {
    return this.#waiting.size
  }

  /**
   * Runs `hash` when its turn comes.
   * @param gone aborted where nobody waits for the result any more: then it leaves the queue, and is not begun
   * @throws SallyportError `overloaded` with the seconds to wait
   */
  async run<Result>(
    algorithm: HashAlgorithm,
    lane: LanePath,
    hash: () => Promise<Result>,
    gone?: AbortSignal,
  ): Promise<Result> {
    if (gone?.aborted) throw this.#overloaded()
    await this.#turn(lane, gone)
    const started = performance.now()
    try {
      return await hash()
    } finally {
      const took = performance.now() - started
      this.times[algorithm].observe(took / 1000)
      this.#hashTime = 0.9 * this.#hashTime + 0.1 * took
      // The place is handed on, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next.start()
    }
  }

  #turn(lane: LanePath, gone: AbortSignal | undefined): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running++
      return Promise.resolve()
    }
    if (this.#waiting.size >= this.#longest) {
      const displaced = this.#waiting.displace(lane)
      if (displaced === null) return Promise.reject(this.#overloaded())
      displaced.giveUp()
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.remove(lane, waiting)
        waiting.giveUp()
      }
      const timer = setTimeout(leave, this.#deadline)
      const settle = () => {
        clearTimeout(timer)
        gone?.removeEventListener('abort', leave)
      }
      const waiting: Waiting = {
        start: () => {
          settle()
          resolve()
        },
        giveUp: () => {
          settle()
          reject(this.#overloaded())
        },
      }
      gone?.addEventListener('abort', leave)
      this.#waiting.push(lane, waiting)
    })
  }

  /** Refuses whoever waits; what runs is finished. */
  close(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.giveUp()
  }

  #overloaded(): SallyportError {
    const seconds = Math.ceil((this.#waiting.size * this.#hashTime) / this.#concurrency / 1000)
    return new SallyportError('overloaded', { retryAfter: Math.max(1, seconds) })
  }
}
