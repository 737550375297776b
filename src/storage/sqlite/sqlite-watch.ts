import type { Listener } from '../storage.js'

/** How soon a process hears of another one's commit, in milliseconds; a look costs a few microseconds. */
const PERIOD = 20

/**
 * Hears of other processes through `PRAGMA data_version`, which changes with their commits and not with our own.
 * @param version reads it; undefined where it cannot be read just now
 */
export function watchDataVersion(version: () => number | undefined, hint: () => void): Listener {
  let known = version()
  const timer = setInterval(() => {
    const seen = version()
    if (seen === undefined || seen === known) return
    known = seen
    hint()
  }, PERIOD).unref()
  return {
    isListening: () => true,
    async close() {
      clearInterval(timer)
    },
  }
}
