import type { Clock } from '../runtime/clock.js'
import { uuidv7 } from '../runtime/ids.js'

const WELL_FORMED = /^[A-Za-z0-9._-]{1,128}$/

/** The caller's `X-Request-Id` where it is safe to repeat in logs and headers, else a new one. */
export function requestIdOf(incoming: string | null | undefined, clock: Clock): string {
  return incoming && WELL_FORMED.test(incoming) ? incoming : uuidv7(clock.now())
}
