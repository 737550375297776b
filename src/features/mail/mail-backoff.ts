import { randomInt } from 'node:crypto'

const FIRST = 2_000
const LONGEST = 15 * 60_000

/**
 * How long a message waits after a failure: twice as long each time, up to a quarter of an hour, a quarter more or less
 * so that what failed together does not come back together.
 * @param attempts how many have failed
 * @returns milliseconds
 */
export function backoff(attempts: number): number {
  const pause = Math.min(LONGEST, FIRST * 2 ** Math.min(20, Math.max(0, attempts - 1)))
  return Math.round((pause * randomInt(750, 1251)) / 1000)
}
