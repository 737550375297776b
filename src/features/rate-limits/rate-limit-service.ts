import type { Clock } from '../../runtime/clock.js'
import { recentlyUsed } from '../../runtime/recently-used.js'
import type { SharedCounters } from '../../storage/shared-counters.js'

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
  consume(name: string, bucket: string): Promise<RateLimitDecision | null>
  /** How many requests each limit has refused here. */
  readonly refused: ReadonlyMap<string, number>
}

/**
 * Fixed windows, one for each limit and bucket: shared by all nodes where there is something to share them through,
 * and in this process's memory always, so that the loss of the former opens no new window to whoever came here.
 */
export function createRateLimitService(parts: {
  readonly limits: Readonly<Record<string, RateLimitSettings>> | null
  readonly clock: Clock
  readonly shared?: {
    readonly counters: SharedCounters
    /** A keyed digest: addresses do not leave the process. */
    readonly mac: (text: string) => Buffer
  } | null
}): RateLimitService {
  const { limits, clock, shared = null } = parts
  const windows = recentlyUsed<string, Window>(MOST_BUCKETS)
  const refused = new Map(Object.keys(limits ?? {}).map((name) => [name, 0]))

  /** How many there are with this one, and the milliseconds until the window ends. */
  function countHere(key: string, { window: length }: RateLimitSettings) {
    const now = clock.now()
    const present = windows.get(key)
    // A clock that stepped back must not keep somebody out for longer than a window.
    const isOpen = present !== undefined && now < present.endsAt && present.endsAt - now <= length
    const window = isOpen ? present : { endsAt: now + length, used: 0 }
    if (!isOpen) windows.set(key, window)
    window.used++
    return { used: window.used, left: window.endsAt - now }
  }

  async function countShared(name: string, bucket: string, window: number) {
    if (shared === null) return null
    return shared.counters.count(`${name}:${shared.mac(bucket).toString('base64url')}`, window)
  }

  return {
    refused,
    async consume(name, bucket) {
      const settings = limits?.[name]
      if (settings === undefined) return null
      const here = countHere(`${name} ${bucket}`, settings)
      const { used, left } = (await countShared(name, bucket, settings.window)) ?? here
      const allowed = used <= settings.requests
      if (!allowed) refused.set(name, (refused.get(name) ?? 0) + 1)
      return {
        allowed,
        limit: settings.requests,
        remaining: Math.max(0, settings.requests - used),
        resetSeconds: Math.ceil(left / 1000),
        windowSeconds: Math.ceil(settings.window / 1000),
      }
    },
  }
}
