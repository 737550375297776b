import { encodeEntry, feedKey, type SharedFeed } from '../shared-feed.js'
import type { RedisLink } from './redis-link.js'
import type { RedisSession } from './redis-session.js'

/**
 * Appends where the writer's last entry is still there, in one step: so nobody who reads up to the new entry lacks what
 * that writer said before. Takes away a few that are too old, and leaves nothing behind where nobody writes any more.
 * Where Redis finds that much time has passed since the last entry, its clock has leapt, or the writer stood still: then
 * entries may go that still matter. Arguments: the last entry, `1` where it goes, how long entries matter, how much
 * time is much (milliseconds), names and values.
 */
const APPEND = `
local last = ARGV[1]
if last ~= '' and #redis.call('XRANGE', KEYS[1], last, last) == 0 then return '' end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 5))
local now = tonumber(string.match(id, '^%d+'))
if last ~= '' and now - tonumber(string.match(last, '^%d+')) > tonumber(ARGV[4]) then
  redis.call('XDEL', KEYS[1], id)
  return ''
end
if last ~= '' and ARGV[2] == '1' then redis.call('XDEL', KEYS[1], last) end
local oldest = string.format('%.0f', now - tonumber(ARGV[3]))
for _, old in ipairs(redis.call('XRANGE', KEYS[1], '-', oldest, 'COUNT', 50)) do redis.call('XDEL', KEYS[1], old[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return id`

/** Writes as entries are written, beside them: a replica, a full memory or a missing permission shows here. */
export function tryFeed(session: RedisSession, issuer: string): Promise<unknown> {
  const key = `${feedKey(issuer)}:alive`
  return session.command(key, ['EVAL', APPEND, '1', key, '', '0', '1000', '0', 'alive', '1'])
}

/** The feed of an issuer as a stream (Redis 5 or later). @param deployment tells it from others with that issuer */
export function redisFeed(link: RedisLink, issuer: string, deployment: string): SharedFeed {
  const key = feedKey(issuer)
  return {
    close: () => link.close(),
    async append(entry, after, replaces) {
      const fields = encodeEntry({ ...entry, deployment })
      const { keep, life } = entry
      // Half of what entries are kept beyond the time in which they matter.
      const times = [keep, (keep - life) / 2].map((time) => String(Math.ceil(time)))
      const words = [after ?? '', replaces ? '1' : '0', ...times, ...fields]
      const id = await link.command(key, ['EVAL', APPEND, '1', key, ...words])
      return typeof id === 'string' && id !== '' ? id : null
    },
  }
}
