/** Milliseconds. */
const LONGEST = 30_000
const FIRST = 1_000
/** A server that restarts is there again soon, and everybody comes at once if nobody waits a little. */
const RESTART = 2_000
/** Who sent too much is quiet for at least this long. */
const REST = 5_000

/** After these it does not help to connect again (RFC 6455 §7.4.1, and the codes of docs/guides/websocket.md). */
const FINAL: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008, 1009, 4400, 4403, 4409])

export function isFinalClose(code: number): boolean {
  return FINAL.has(code)
}

/**
 * Milliseconds before the next connection: anything up to twice as long as the time before ("full jitter").
 * @param attempts 1 for the first connection that did not hold
 * @param random 0 to 1
 */
export function pauseBefore(code: number, attempts: number, random: number): number {
  if (code === 1012 && attempts === 1) return random * RESTART
  const least = code === 4429 ? REST : 0
  return least + random * Math.min(LONGEST, FIRST * 2 ** (attempts - 1))
}
