interface Waiting {
  readonly until: number
  give(): void
}

/** Gives up what takes longer than a fixed time: one timer watches over all of it, however much there is. */
export class Deadline {
  readonly #time: number
  /** In the order of asking, which is the order of their ends. */
  readonly #waiting = new Set<Waiting>()
  #isArmed = false

  /** @param time milliseconds */
  constructor(time: number) {
    this.#time = time
  }

  /** @throws Error when `work` takes longer; what becomes of it then is nobody's */
  within<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        until: performance.now() + this.#time,
        give: () => reject(new Error(`no answer within ${this.#time} ms`)),
      }
      this.#waiting.add(waiting)
      this.#arm(this.#time)
      work.then(
        (result) => {
          this.#waiting.delete(waiting)
          resolve(result)
        },
        (error: unknown) => {
          this.#waiting.delete(waiting)
          reject(error)
        },
      )
    })
  }

  #arm(time: number): void {
    if (this.#isArmed) return
    this.#isArmed = true
    // After a stall of this process timers run first, while the answers already wait in the socket.
    setTimeout(() => setImmediate(() => this.#look()), time)
  }

  #look(): void {
    this.#isArmed = false
    const now = performance.now()
    for (const waiting of this.#waiting) {
      if (waiting.until > now) {
        this.#arm(waiting.until - now)
        break
      }
      this.#waiting.delete(waiting)
      waiting.give()
    }
  }
}
