import { SallyportError } from '../../contract/sallyport-error.js'

/**
 * Lets a few attempts at one account go on at a time in this process; the others wait in their order. Without it,
 * hundreds of parallel guesses would all ask the database again and again whether it is their turn.
 */
export class LockoutGate {
  readonly #places: number
  readonly #patience: number
  readonly #lanes = new Map<string, { busy: number; readonly waiting: (() => void)[] }>()

  /** @param patience milliseconds that one waits for its turn */
  constructor(places: number, patience: number) {
    this.#places = places
    this.#patience = patience
  }

  /** @throws SallyportError `overloaded` */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const lane = this.#lanes.get(key) ?? { busy: 0, waiting: [] }
    this.#lanes.set(key, lane)
    if (lane.busy < this.#places) lane.busy++
    else await this.#turn(lane.waiting)
    try {
      return await work()
    } finally {
      // The place is handed on, so that nobody slips in between.
      const next = lane.waiting.shift()
      if (next !== undefined) next()
      else if (--lane.busy === 0) this.#lanes.delete(key)
    }
  }

  #turn(waiting: (() => void)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(enter), 1)
        reject(new SallyportError('overloaded', { retryAfter: 1 }))
      }, this.#patience)
      waiting.push(enter)
    })
  }
}
