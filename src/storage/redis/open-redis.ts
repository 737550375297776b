import { maskUrl } from '../../config/mask-url.js'
import type { Logger } from '../../runtime/logger.js'
import type { Hints } from '../hints.js'
import type { SharedCounters } from '../shared-counters.js'
import type { SharedEntries } from '../shared-entries.js'
import type { SharedFeed } from '../shared-feed.js'
import { redisCounters } from './redis-counters.js'
import { redisEntries, tryEntries } from './redis-entries.js'
import { redisFeed, tryFeed } from './redis-feed.js'
import { openRedisLink } from './redis-link.js'
import { connectForMessages, connectToRedis } from './redis-session.js'
import { parseRedisUrl } from './redis-url.js'

/** An entry may be large, and nobody waits for it: in milliseconds. */
const FEED_TIMEOUT = 2_000

export interface Redis {
  readonly hints: Hints
  readonly entries: SharedEntries
  readonly counters: SharedCounters
  /** The feed for services that check tokens of this issuer, over a connection of its own */
  openFeed(issuer: string): SharedFeed
  /** @throws Error that says why Redis is not used just now */
  check(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens Redis for what may be lost at any moment: hints between nodes, and entries that the database can replace.
 * Resolves also where Redis does not answer: it is tried again for ever, and used from then on.
 * @param options.name tells this deployment from others on the same Redis
 * @throws Error for a url that cannot be read
 */
export async function openRedis(options: {
  readonly url: string
  readonly name: string
  readonly logger: Pick<Logger, 'info' | 'warn'>
}): Promise<Redis> {
  const { url, name, logger } = options
  const address = parseRedisUrl(url)
  const channel = `sallyport:${name}:changes`
  const masked = maskUrl(url)
  const link = openRedisLink({
    connect: (signal) => connectToRedis(address, signal),
    prepare: async () => undefined,
    beat: (session) => tryEntries(session, `sallyport:${name}:alive`),
    logger,
    url: masked,
    loss: 'Redis is not usable: sessions come from memory and the database',
  })
  await link.attempted
  let isOwed = false
  function publish(): void {
    isOwed = false
    link.command(undefined, ['PUBLISH', channel, '']).catch(() => {
      isOwed = true
    })
  }
  link.onRecovery(() => {
    if (isOwed) publish()
  })
  return {
    entries: redisEntries(link),
    counters: redisCounters(link, `sallyport:${name}:limit`),
    hints: {
      announce: async () => undefined,
      publish,
      async listen(hint) {
        const listening = openRedisLink({
          connect: (signal) => connectForMessages(address, signal),
          async prepare(session) {
            await session.subscribe(channel, hint)
            // Whatever was said while nobody listened.
            hint()
          },
          beat: (session) => session.command(undefined, ['PING']),
          logger,
          url: masked,
          loss: 'Changes of other nodes are not heard through Redis: the database is asked from time to time',
        })
        await listening.attempted
        return { isListening: () => listening.isUsable(), close: () => listening.close() }
      },
    },
    openFeed(issuer) {
      const writing = openRedisLink({
        connect: (signal) => connectToRedis(address, signal),
        prepare: async () => undefined,
        beat: (session) => tryFeed(session, issuer),
        logger,
        url: masked,
        loss: 'Services that hear of revocations through Redis are not told of any',
        timeout: FEED_TIMEOUT,
      })
      return redisFeed(writing, issuer, name)
    },
    check: async () => link.check(),
    close: () => link.close(),
  }
}
