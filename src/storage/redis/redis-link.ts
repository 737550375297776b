import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from '../../runtime/deadline.js'
import type { Logger } from '../../runtime/logger.js'
import type { RedisSession } from './redis-session.js'

/** A connection that is made again whenever it is lost, and left alone while it is slow. */
export interface RedisLink {
  /** Answers within the time of the link or throws; throws at once while Redis is not usable. */
  command(key: string | undefined, words: readonly string[]): Promise<unknown>
  isUsable(): boolean
  /** True where keys lie on several nodes: then a command may be about one of them only. */
  isSpread(): boolean
  /** Calls `listener` whenever Redis is usable again after a failure. */
  onRecovery(listener: () => void): void
  /** @throws Error that says why Redis is not usable */
  check(): void
  /** Resolves when the first attempt to connect has worked or failed. */
  readonly attempted: Promise<void>
  close(): Promise<void>
}

/** Slower than the database is no cache: in milliseconds. */
const CACHE_TIMEOUT = 50
/** Of one whole attempt, the questions to sentinels or cluster nodes included. */
const ATTEMPT_TIMEOUT = 2_000
/** How often a sign of life is asked for, which alone makes a link usable again after a failure. */
const HEARTBEAT = 1_000
/** Without a sign of life for so long, a connection is given up: it may be half-open. */
const PATIENCE = 4_000
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1_000
/** Commands under way; more would only queue up. */
const MOST_PENDING = 1_000

export function openRedisLink(parts: {
  readonly connect: (signal: AbortSignal) => Promise<RedisSession>
  /** Done on every new connection before it is used. */
  readonly prepare: (session: RedisSession) => Promise<void>
  /** A command that works only where the link does. */
  readonly beat: (session: RedisSession) => Promise<unknown>
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Masked. */
  readonly url: string
  /** What it means that the link is lost. */
  readonly loss: string
  /** How long a command may take, milliseconds. Default: as long as a cache may. */
  readonly timeout?: number
}): RedisLink {
  const { connect, prepare, beat, logger, url, loss } = parts
  const answer = new Deadline(parts.timeout ?? CACHE_TIMEOUT)
  const preparation = new Deadline(ATTEMPT_TIMEOUT)
  const closing = new AbortController()
  let session: RedisSession | null = null
  let failure: Error | null = new Error('not connected yet')
  /** Each reason is told once an outage. */
  const reported = new Set<string>()
  let pending = 0
  const listeners: (() => void)[] = []
  let settle: () => void = () => undefined
  const attempted = new Promise<void>((resolve) => {
    settle = resolve
  })
  const ended = run()

  function fail(error: unknown): void {
    failure = error instanceof Error ? error : new Error(String(error))
    if (reported.has(failure.message) || closing.signal.aborted) return
    reported.add(failure.message)
    logger.warn({ redis: url, error: failure.message }, loss)
  }

  function succeed(): void {
    const isRecovered = failure !== null
    failure = null
    if (isRecovered) for (const listener of listeners) listener()
    if (reported.size > 0) logger.info({ redis: url }, 'Redis is used again')
    reported.clear()
  }

  /** Returns when the connection is of no use any more. */
  async function keep(kept: RedisSession): Promise<Error> {
    let answeredAt = performance.now()
    for (;;) {
      const pause = sleep(HEARTBEAT, null, { ref: false, signal: closing.signal }).catch(() => null)
      const lost = await Promise.race([kept.lost, pause])
      if (lost !== null) return lost
      if (closing.signal.aborted) return new Error('closed')
      try {
        await answer.within(beat(kept))
        answeredAt = performance.now()
        succeed()
      } catch (error) {
        fail(error)
        // A master that is none any more: its successor is found by connecting anew.
        const isDemoted = failure?.message.startsWith('READONLY') === true
        if (isDemoted || performance.now() - answeredAt > PATIENCE) return failure ?? new Error('lost')
      }
    }
  }

  async function run(): Promise<void> {
    for (let pause = FIRST_PAUSE; !closing.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      let connected: RedisSession | null = null
      const attempt = AbortSignal.any([AbortSignal.timeout(ATTEMPT_TIMEOUT), closing.signal])
      try {
        connected = await connect(attempt)
        await preparation.within(prepare(connected).then(() => beat(connected ?? neverConnected())))
        session = connected
        succeed()
        settle()
        pause = FIRST_PAUSE
        fail(await keep(connected))
      } catch (error) {
        fail(error)
      }
      session = null
      connected?.destroy()
      settle()
      await sleep(pause * (0.5 + Math.random()), null, { ref: false, signal: closing.signal }).catch(() => null)
    }
  }

  return {
    attempted,
    isUsable: () => failure === null,
    isSpread: () => session?.isSpread ?? false,
    onRecovery(listener) {
      listeners.push(listener)
    },
    check() {
      if (failure !== null) throw new Error(`Redis at ${url}: ${failure.message}`)
    },
    async command(key, words) {
      if (failure !== null || session === null) throw failure ?? neverConnected()
      if (pending >= MOST_PENDING) throw new Error('too many commands wait for Redis')
      pending++
      try {
        return await answer.within(session.command(key, words))
      } catch (error) {
        fail(error)
        throw error
      } finally {
        pending--
      }
    },
    async close() {
      closing.abort(new Error('closed'))
      session?.destroy()
      await ended
    },
  }
}

function neverConnected(): never {
  throw new Error('not connected')
}
