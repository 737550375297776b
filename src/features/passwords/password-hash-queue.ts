import { SallyportError } from '../../contract/sallyport-error.js'

interface Waiting {
  readonly start: () => void
  readonly giveUp: () => void
}

/**
 * The door-keeper of password hashing: as many hashes at once as there are cores, a bounded queue behind them, and a
 * deadline, since an answer that nobody waits for any more is work for nothing. Past either: `overloaded`.
 */
export class PasswordHashQueue {
  readonly #concurrency: number
  readonly #longest: number
  readonly #deadline: number
  readonly #waiting: Waiting[] = []
  #running = 0
  /** A moving average, milliseconds. */
  #hashTime = 50

  /** @param limits `deadline` in milliseconds */
  constructor(limits: { readonly concurrency: number; readonly longest: number; readonly deadline: number }) {
    this.#concurrency = limits.concurrency
    this.#longest = limits.longest
    this.#deadline = limits.deadline
  }

  get depth(): number {
    return this.#waiting.length
  }

  /** Runs `hash` when its turn comes. @throws SallyportError `overloaded` with the seconds to wait */
  async run<Result>(hash: () => Promise<Result>): Promise<Result> {
    await this.#turn()
    const started = performance.now()
    try {
      return await hash()
    } finally {
      this.#hashTime = 0.9 * this.#hashTime + 0.1 * (performance.now() - started)
      // The place is handed on, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next.start()
    }
  }

  #turn(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running++
      return Promise.resolve()
    }
    if (this.#waiting.length >= this.#longest) return Promise.reject(this.#overloaded())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(this.#overloaded())
      }, this.#deadline)
      const waiting: Waiting = {
        start: () => {
          clearTimeout(timer)
          resolve()
        },
        giveUp: () => {
          clearTimeout(timer)
          reject(this.#overloaded())
        },
      }
      this.#waiting.push(waiting)
    })
  }

  /** Refuses whoever waits; what runs is finished. */
  close(): void {
    for (const waiting of this.#waiting.splice(0)) waiting.giveUp()
  }

  #overloaded(): SallyportError {
    const seconds = Math.ceil((this.#waiting.length * this.#hashTime) / this.#concurrency / 1000)
    return new SallyportError('overloaded', { retryAfter: Math.max(1, seconds) })
  }
}
