/** Counts that all nodes share, and that may be lost at any moment. */
export interface SharedCounters {
  /**
   * Counts one more in the present window of `key`; the first opens it.
   * @param window milliseconds
   * @returns how many there are with this one, and the milliseconds until the window ends; null while nothing is shared
   */
  count(key: string, window: number): Promise<{ readonly used: number; readonly left: number } | null>
}
