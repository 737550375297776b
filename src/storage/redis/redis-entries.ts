import { Gathering } from '../../runtime/gathering.js'
import type { SharedEntries } from '../shared-entries.js'
import type { RedisLink } from './redis-link.js'
import type { RedisSession } from './redis-session.js'

/** Newer than any entry. */
const TOMBSTONE = String(Number.MAX_SAFE_INTEGER)

/**
 * Compares and sets in one step, so that a node that was paused between its read and its write cannot bring back what
 * has been replaced or buried. Arguments: floor, counter, value, lifetime.
 */
const OFFER = `
local held = redis.call('HMGET', KEYS[1], 'floor', 'counter')
if held[1] and (tonumber(held[1]) > tonumber(ARGV[1]) or tonumber(held[2]) > tonumber(ARGV[2])) then return 0 end
redis.call('HSET', KEYS[1], 'floor', ARGV[1], 'counter', ARGV[2], 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`

/** Values of several keys, one exchange for all; what is no entry has none. */
const READ = `
local values = {}
for at, key in ipairs(KEYS) do
  local value = redis.pcall('HGET', key, 'value')
  values[at] = type(value) == 'string' and value
end
return values`

/** Keys that are read by one command at most. */
const MOST_AT_ONCE = 64

/** Entries as hashes of `floor`, `counter` and `value`; a tombstone has no value. */
export function redisEntries(link: RedisLink): SharedEntries {
  function offer(key: string, floor: string, counter: string, value: string, lifetime: number): void {
    link.command(key, words(key, floor, counter, value, lifetime)).catch(() => undefined)
  }
  async function readAll(keys: readonly string[]): Promise<readonly unknown[]> {
    const [first] = keys
    if (first === undefined || keys.length === 1 || link.isSpread()) return Promise.all(keys.map(readOne))
    const values = await link.command(first, ['EVAL', READ, String(keys.length), ...keys])
    return Array.isArray(values) ? values : []
  }
  const readOne = (key: string) => link.command(key, ['HGET', key, 'value'])
  const gathering = new Gathering(readAll, MOST_AT_ONCE)
  return {
    async read(key) {
      if (!link.isUsable()) return null
      try {
        const value = await gathering.of(key)
        return typeof value === 'string' && value !== '' ? value : null
      } catch {
        return null
      }
    },
    offer(key, version, value, lifetime) {
      if (link.isUsable()) offer(key, String(version.floor), String(version.counter), value, lifetime)
    },
    bury(key, lifetime) {
      if (link.isUsable()) offer(key, TOMBSTONE, TOMBSTONE, '', lifetime)
    },
  }
}

/** Writes as entries are written: a replica, a full memory or a missing permission shows here. */
export function tryEntries(session: RedisSession, key: string): Promise<unknown> {
  return session.command(key, words(key, '0', '0', '', 10_000))
}

function words(key: string, floor: string, counter: string, value: string, lifetime: number): readonly string[] {
  return ['EVAL', OFFER, '1', key, floor, counter, value, String(Math.ceil(lifetime))]
}
