import { BUSY, DatabaseUnavailable } from '../database-error.js'

interface Waiter {
  admit(): void
}

/** One holder at a time, in the order of asking; nobody waits longer than `patience` milliseconds. */
export class FairMutex {
  readonly #patience: number
  readonly #waiting = new Set<Waiter>()
  #held = false

  constructor(patience: number) {
    this.#patience = patience
  }

  /** Takes the mutex if nobody holds it and nobody waits. */
  tryAcquire(): boolean {
    if (this.#held) return false
    this.#held = true
    return true
  }

  /** @throws DatabaseUnavailable when the patience is over */
  acquire(patience: number = this.#patience): Promise<void> {
    if (this.tryAcquire()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter)
        reject(new DatabaseUnavailable(BUSY))
      }, patience)
      this.#waiting.add(waiter)
    })
  }

  release(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#held = false
      return
    }
    this.#waiting.delete(next)
    next.admit()
  }
}
