import { SallyportError } from '../../contract/sallyport-error.js'
import { FairLanes, type LanePath } from './password-fair-lanes.js'

interface Waiting {
  readonly start: () => void
  readonly giveUp: () => void
}

export interface TurnLimits {
  /** How many have their turn at the same time. */
  readonly concurrency: number
  /** How many may wait. */
  readonly longest: number
  /** Milliseconds that one waits. */
  readonly deadline: number
}

/**
 * A few at a time, a bounded queue behind them, and a deadline, since an answer that nobody waits for any more is work
 * for nothing. Past either: `overloaded`. Tenants, networks and addresses take turns, and where the queue is full
 * whoever has the most in it makes room, so that a flood from one address or one network delays nobody else by more than
 * its own turn.
 */
export class FairTurns {
  readonly #limits: TurnLimits
  readonly #waiting = new FairLanes<Waiting>()
  #running = 0
  /** A moving average, milliseconds. */
  #duration = 50

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /** How many wait for their turn. */
  get depth(): number {
    return this.#waiting.size
  }

  /**
   * Runs `work` when its turn comes.
   * @param gone aborted where nobody waits for the result any more: then it leaves the queue, and is not begun
   * @throws SallyportError `overloaded` with the seconds to wait
   */
  async run<Result>(lane: LanePath, work: () => Promise<Result>, gone?: AbortSignal): Promise<Result> {
    if (gone?.aborted) throw this.#overloaded()
    await this.#turn(lane, gone)
    const started = performance.now()
    try {
      return await work()
    } finally {
      this.#duration = 0.9 * this.#duration + 0.1 * (performance.now() - started)
      // The place is handed on, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next.start()
    }
  }

  #turn(lane: LanePath, gone: AbortSignal | undefined): Promise<void> {
    if (this.#running < this.#limits.concurrency) {
      this.#running++
      return Promise.resolve()
    }
    if (this.#waiting.size >= this.#limits.longest) {
      const displaced = this.#waiting.displace(lane)
      if (displaced === null) return Promise.reject(this.#overloaded())
      displaced.giveUp()
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.remove(lane, waiting)
        waiting.giveUp()
      }
      const timer = setTimeout(leave, this.#limits.deadline)
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
    const seconds = Math.ceil((this.#waiting.size * this.#duration) / this.#limits.concurrency / 1000)
    return new SallyportError('overloaded', { retryAfter: Math.max(1, seconds) })
  }
}
