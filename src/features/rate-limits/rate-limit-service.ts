import { LRUCache } from 'lru-cache'
import type { Clock } from '../../runtime/clock.js'

export interface RateLimitSettings {
  /** How many in a window. */
  readonly requests: number
  /** Milliseconds. */
  readonly window: number
}

/** One request counted. Times are seconds. */
export interface RateLimitDecision {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  readonly windowSeconds: number
}

interface Window {
  readonly endsAt: number
  used: number
}

/** Buckets remembered; past that the one unseen for longest is forgotten, and starts afresh. */
const MOST_BUCKETS = 100_000

export interface RateLimitService {
  /** Counts one request of `bucket`; null where limits are off. */
  consume(name: string, bucket: string): RateLimitDecision | null
  /** How many requests each limit has refused here. */
  readonly refused: ReadonlyMap<string, number>
}

/** Fixed windows in this process's memory, one for each limit and bucket. */
export function createRateLimitService(
  limits: Readonly<Record<string, RateLimitSettings>> | null,
  clock: Clock,
): RateLimitService {
  const windows = new LRUCache<string, Window>({ max: MOST_BUCKETS })
  const refused = new Map(Object.keys(limits ?? {}).map((name) => [name, 0]))
  return {
    refused,
    consume(name, bucket) {
      const settings = limits?.[name]
      if (settings === undefined) return null
      const now = clock.now()
      const key = `${name} ${bucket}`
      const present = windows.get(key)
      // A clock that stepped back must not keep somebody out for longer than a window.
      const isOpen = present !== undefined && now < present.endsAt && present.endsAt - now <= settings.window
      const window = isOpen ? present : { endsAt: now + settings.window, used: 0 }
      if (!isOpen) windows.set(key, window)
      const allowed = window.used < settings.requests
      if (allowed) window.used++
      else refused.set(name, (refused.get(name) ?? 0) + 1)
      return {
        allowed,
        limit: settings.requests,
        remaining: settings.requests - window.used,
        resetSeconds: Math.ceil((window.endsAt - now) / 1000),
        windowSeconds: Math.ceil(settings.window / 1000),
      }
    },
  }
}
