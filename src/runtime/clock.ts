/** Milliseconds since the epoch. Handed in everywhere, so that a test can hold time still. */
export interface Clock {
  now(): number
  /** True where `now` is not the machine's own: then the database is told the time instead of being asked. */
  readonly controlled: boolean
}

export const systemClock: Clock = { now: () => Date.now(), controlled: false }

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  readonly controlled = true
  #now: number

  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  /** @param milliseconds how far to move; negative for a step back */
  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}
