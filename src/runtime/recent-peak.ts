const SLOTS = 6

/**
 * The highest of the values noted within a window, to the sixth of it: what a gauge can show of something that comes
 * and goes between two looks at it. Holds six numbers, however many are noted.
 */
export class RecentPeak {
  readonly #slot: number
  readonly #peaks: { slot: number; value: number }[] = []

  /** @param window milliseconds */
  constructor(window: number) {
    this.#slot = window / SLOTS
  }

  note(value: number, now: number): void {
    const slot = Math.floor(now / this.#slot)
    const place = this.#peaks.find((peak) => peak.slot === slot)
    if (place !== undefined) place.value = Math.max(place.value, value)
    else this.#peaks.push({ slot, value })
    while (this.#peaks.length > SLOTS) this.#peaks.shift()
  }

  /** 0 where nothing was noted. */
  at(now: number): number {
    const oldest = Math.floor(now / this.#slot) - SLOTS
    return this.#peaks.reduce((peak, { slot, value }) => (slot > oldest ? Math.max(peak, value) : peak), 0)
  }
}
