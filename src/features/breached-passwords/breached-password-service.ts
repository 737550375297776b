import type { Config } from '../../config/config.js'
import type { Logger } from '../../runtime/logger.js'
import { openFilter } from './breached-password-filter.js'
import { createOnlineLookup } from './breached-password-online.js'
import type { BreachLookup, BreachOutcome, BreachSource } from './breached-password-types.js'

export { buildFilter } from './breached-password-filter-build.js'

/** Failures in a row, and for how long after them nobody is made to wait for the next one, in milliseconds. */
const PATIENCE = 3
const PAUSE = 10_000

/**
 * Opens what the configuration names; null where nothing is looked up.
 * @throws ConfigError where the filter file is missing or is none
 */
export async function openBreachLookup(
  { breached, breachLookup }: Config['auth']['password'],
  logger: Logger,
): Promise<BreachLookup | null> {
  if (breached === 'online') return watched(createOnlineLookup(breachLookup), logger)
  if (breached === 'offline' && breachLookup.filter !== null) {
    return watched(await openFilter(breachLookup.filter), logger)
  }
  return null
}

/** Counts and logs what comes of a source, and spares callers one that keeps failing. */
function watched(source: BreachSource, logger: Logger): BreachLookup {
  const counts = { known: 0, absent: 0, failed: 0 }
  let failures = 0
  let pausedUntil = 0
  async function find(password: string): Promise<BreachOutcome> {
    if (performance.now() < pausedUntil) return 'failed'
    try {
      const isKnown = await source.isKnown(password)
      failures = 0
      return isKnown ? 'known' : 'absent'
    } catch (error) {
      failures++
      if (failures >= PATIENCE) pausedUntil = performance.now() + PAUSE
      logger.warn({ cause: reasonOf(error) }, 'a new password could not be looked up among those known from breaches')
      return 'failed'
    }
  }
  return {
    counts,
    async find(password) {
      const outcome = await find(password)
      counts[outcome]++
      return outcome
    },
    close: () => source.close(),
  }
}

/** `fetch` says no more than "fetch failed": why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
