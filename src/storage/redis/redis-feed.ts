import { encodeEntry, feedKey, type SharedFeed } from '../shared-feed.js'
import type { RedisLink } from './redis-link.js'

/**
 * Appends where the writer's last entry is still there, in one step: so nobody who reads up to the new entry lacks what
 * that writer said before. Takes away a few that are too old, and leaves nothing behind where nobody writes any more.
 * Arguments: the last entry, `1` where it goes, how long entries matter (milliseconds), names and values.
 */
const APPEND = `
local last = ARGV[1]
if last ~= '' and #redis.call('XRANGE', KEYS[1], last, last) == 0 then return '' end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 4))
if last ~= '' and ARGV[2] == '1' then redis.call('XDEL', KEYS[1], last) end
local oldest = string.format('%.0f', tonumber(string.match(id, '^%d+')) - tonumber(ARGV[3]))
for _, old in ipairs(redis.call('XRANGE', KEYS[1], '-', oldest, 'COUNT', 50)) do redis.call('XDEL', KEYS[1], old[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return id`

/** The feed of an issuer as a stream (Redis 5 or later). @param deployment tells it from others with that issuer */
export function redisFeed(link: RedisLink, issuer: string, deployment: string): SharedFeed {
  const key = feedKey(issuer)
  return {
    close: () => link.close(),
    async append(entry, after, replaces) {
      const fields = encodeEntry({ ...entry, deployment })
      const words = [after ?? '', replaces ? '1' : '0', String(Math.ceil(entry.keep)), ...fields]
      const id = await link.command(key, ['EVAL', APPEND, '1', key, ...words])
      return typeof id === 'string' && id !== '' ? id : null
    },
  }
}
