import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Deadline } from '../runtime/deadline.js'
import { connectToRedis, type RedisSession } from '../storage/redis/redis-session.js'
import type { RedisAddress } from '../storage/redis/redis-url.js'
import { decodeEntry, type FeedEntry } from '../storage/shared-feed.js'

export interface FeedReader {
  /** Why Redis is not read just now; null where it is. */
  failure(): string | null
  close(): Promise<void>
}

/** Of one attempt to connect, in milliseconds. */
const CONNECT_TIMEOUT = 2_000
/** How long a question waits for the next entry; nodes tell of themselves about once a second. */
const BLOCK = 1_000
/** A question that takes longer than this beyond `BLOCK` is no more waited for: the connection may be half open. */
const PATIENCE = 2_000
const PAGE = 100
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1_000

const page = z.array(z.tuple([z.string(), z.array(z.string())]))

/**
 * Reads a feed from Redis for ever: all of it, then whatever comes. It is read from its beginning again after every
 * interruption, and where its end lies before what was read already: Redis was flushed, or restored from an old dump.
 */
export function readFeed(parts: {
  readonly address: RedisAddress
  readonly key: string
  readonly monotonic: () => number
  /**
   * Called for each entry, in order.
   * @param since the entry was written at that time of `monotonic` or later; null where nothing tells that it is not old
   */
  readonly onEntry: (entry: FeedEntry, since: number | null) => void
  /** Called when the feed is about to be read from its beginning. */
  readonly onBegin: () => void
  readonly onNotice: (notice: string) => void
}): FeedReader {
  const { address, key, monotonic, onEntry, onBegin, onNotice } = parts
  const closing = new AbortController()
  const patience = new Deadline(BLOCK + PATIENCE)
  let failure: string | null = null
  let session: RedisSession | null = null
  const ended = run()

  async function run(): Promise<void> {
    for (let pause = FIRST_PAUSE; !closing.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        session = await connectToRedis(address, AbortSignal.any([AbortSignal.timeout(CONNECT_TIMEOUT), closing.signal]))
        await follow(session, () => {
          pause = FIRST_PAUSE
        })
      } catch (error) {
        if (!closing.signal.aborted) fail(error)
      }
      session?.destroy()
      session = null
      await sleep(pause * (0.5 + Math.random()), null, { ref: false, signal: closing.signal }).catch(() => null)
    }
  }

  function fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (failure === null) onNotice(`Revocations are not heard through Redis: ${reason}`)
    failure = reason
  }

  function succeed(): void {
    if (failure !== null) onNotice('Revocations are heard through Redis again.')
    failure = null
  }

  function ask(from: RedisSession, words: readonly string[]): Promise<unknown> {
    return patience.within(from.command(key, words))
  }

  /** Ends with an error alone. */
  async function follow(from: RedisSession, onRead: () => void): Promise<never> {
    for (;;) {
      onBegin()
      let { last, asked } = await readOn(from, '0-0', null)
      succeed()
      onRead()
      for (let isLost = false; !isLost; ) {
        const next = await ask(from, ['XREAD', 'COUNT', '1', 'BLOCK', String(BLOCK), 'STREAMS', key, last])
        if (next === null) isLost = await endsBefore(from, last)
        else ({ last, asked } = await readOn(from, last, asked))
      }
      onNotice('The feed in Redis is not the one that was read before: it is read from its beginning.')
    }
  }

  /**
   * Reads what follows an entry.
   * @param since entries are no older; null where they may be
   * @returns the last one, and when it was asked for the first time whether there are more
   */
  async function readOn(from: RedisSession, after: string, since: number | null) {
    for (let last = after; ; ) {
      const asked = monotonic()
      const entries = page.parse(await ask(from, ['XRANGE', key, following(last), '+', 'COUNT', String(PAGE)]))
      for (const [id, words] of entries) {
        onEntry(decodeEntry(words), since)
        last = id
      }
      if (entries.length < PAGE) return { last, asked }
    }
  }

  async function endsBefore(from: RedisSession, last: string): Promise<boolean> {
    const [tip] = page.parse(await ask(from, ['XREVRANGE', key, '+', '-', 'COUNT', '1']))
    if (tip === undefined) return last !== '0-0'
    return isBefore(tip[0], last)
  }

  return {
    failure: () => failure,
    async close() {
      closing.abort(new Error('closed'))
      session?.destroy()
      await ended
    },
  }
}

/** The id of a stream's entry: milliseconds and a number, each of up to 64 bits. */
function partsOf(id: string): readonly [bigint, bigint] {
  const [time = '0', number = '0'] = id.split('-')
  return [BigInt(time), BigInt(number)]
}

function following(id: string): string {
  const [time, number] = partsOf(id)
  return `${time}-${number + 1n}`
}

function isBefore(id: string, other: string): boolean {
  const [time, number] = partsOf(id)
  const [otherTime, otherNumber] = partsOf(other)
  return time === otherTime ? number < otherNumber : time < otherTime
}
