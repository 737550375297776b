import type { SharedCounters } from '../shared-counters.js'
import type { RedisLink } from './redis-link.js'

/**
 * Counts and starts the window in one step, so that a count without an end cannot be left behind. One that ends later
 * than a window can is of longer windows that were configured before, or of a clock that stepped back.
 */
const COUNT = `
local used = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {used, left}`

/** @param prefix tells this deployment from others on the same Redis */
export function redisCounters(link: RedisLink, prefix: string): SharedCounters {
  return {
    async count(name, window) {
      if (!link.isUsable()) return null
      const key = `${prefix}:${name}`
      try {
        const reply = await link.command(key, ['EVAL', COUNT, '1', key, String(Math.ceil(window))])
        if (!Array.isArray(reply)) return null
        const [used, left] = [Number(reply[0]), Number(reply[1])]
        return Number.isFinite(used) && Number.isFinite(left) ? { used, left } : null
      } catch {
        return null
      }
    },
  }
}
