import { BUSY, DatabaseUnavailable } from '../database-error.js'

/** What a turn is for: a writer may share its commit with those before and after it. */
export type Turn = 'read' | 'write'

interface Waiter {
  readonly turn: Turn
  admit(): void
}

/**
 * Milliseconds after which the event loop gets its turn, too: those who wait admit each other without it, and so does
 * one who comes again and again.
 */
const SLICE = 4

/** One holder at a time, in the order of asking; nobody waits longer than `patience` milliseconds. */
export class FairMutex {
  readonly #patience: number
  readonly #waiting = new Set<Waiter>()
  #held = false
  /** Null until the mutex is taken in this turn of the event loop. */
  #sliceEnd: number | null = null

  constructor(patience: number) {
    this.#patience = patience
  }

  /** Takes the mutex if nobody holds it and nobody waits. */
  tryAcquire(): boolean {
    if (this.#held) return false
    this.#held = true
    this.#beginSlice()
    return true
  }

  /** @throws DatabaseUnavailable when the patience is over */
  acquire(turn: Turn, patience: number = this.#patience): Promise<void> {
    if (this.tryAcquire()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        turn,
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

  /** Hands the mutex to the writer who waits longest. False where none does: then it is still held. */
  passToWriter(): boolean {
    for (const waiter of this.#waiting) {
      if (waiter.turn !== 'write') continue
      this.#admit(waiter)
      return true
    }
    return false
  }

  release(): void {
    if (this.#sliceEnd !== null && performance.now() > this.#sliceEnd) setImmediate(() => this.#next())
    else this.#next()
  }

  #beginSlice(): void {
    if (this.#sliceEnd !== null) return
    this.#sliceEnd = performance.now() + SLICE
    setImmediate(() => {
      this.#sliceEnd = null
    })
  }

  #next(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#held = false
    else this.#admit(next)
  }

  #admit(waiter: Waiter): void {
    this.#waiting.delete(waiter)
    this.#beginSlice()
    waiter.admit()
  }
}
