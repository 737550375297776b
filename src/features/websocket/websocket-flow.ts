/** Counts the frames of one connection: a bucket that fills steadily and holds two seconds' worth. */
export class FrameFlow {
  readonly #perSecond: number
  #left: number
  #at: number

  /** @param now milliseconds */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = 2 * perSecond
    this.#at = now
  }

  /** False for a frame too many. @param now milliseconds */
  take(now: number): boolean {
    // A clock that steps back gives nothing.
    const gained = (Math.max(0, now - this.#at) * this.#perSecond) / 1000
    this.#left = Math.min(2 * this.#perSecond, this.#left + gained)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
