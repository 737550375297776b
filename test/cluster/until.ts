import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when it holds. A hang is left to the test's own time limit: how long it takes decides nothing. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5)
}
