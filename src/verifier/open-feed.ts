import { SallyportError } from '../contract/sallyport-error.js'
import type { Clock } from '../runtime/clock.js'
import { type FeedEntry, feedKey } from '../storage/shared-feed.js'
import type { Feed, Judged } from './feed.js'
import { readFeed } from './feed-reader.js'
import { FeedView } from './feed-view.js'
import type { VerifierSettings } from './verifier-options.js'

/** A request waits this long for word of the feed where only the time has passed, in milliseconds: nodes tell once a second. */
const WAKE_UP = 1_500
/** After a wait in vain nobody waits for this long, in milliseconds. */
const PAUSE = 1_000

/**
 * The feed of the issuer in Redis. It counts as heard while an entry vouches for it that was written lately: after this
 * process began to wait for it, by a node that had just read its database.
 * @param onKeyChange called where signing keys may have come or gone
 */
export function openFeed(
  settings: VerifierSettings,
  redis: NonNullable<VerifierSettings['redis']>,
  parts: { readonly clock: Clock; readonly monotonic: () => number; readonly onKeyChange: () => void },
): Feed {
  const { issuer, clockTolerance, onOutage, onNotice } = settings
  const { clock, monotonic, onKeyChange } = parts
  const view = new FeedView()
  /** Whose word counts: the first that was heard. */
  let deployment: string | null = null
  const strangers = new Set<string>()
  let heardUntil = Number.NEGATIVE_INFINITY
  let heardAt: number | null = null
  /** The same by the clock on the wall: while a machine sleeps, the other one may stand still. */
  let heardAtWall = Number.NEGATIVE_INFINITY
  /** The database's time up to which everything was heard, milliseconds. */
  let knownThrough = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let waiting: Promise<void> | null = null
  let wake: () => void = () => undefined

  function noteStranger(name: string): void {
    if (strangers.has(name)) return
    strangers.add(name)
    onNotice(`Two deployments with the issuer ${issuer} use one Redis: give them issuers or databases of their own.`)
  }

  function onEntry(entry: FeedEntry, since: number | null): void {
    const now = monotonic()
    view.apply(entry, now)
    if (entry.facts.keys && since !== null) onKeyChange()
    if (entry.time === null || since === null) return
    deployment ??= entry.deployment
    if (entry.deployment !== deployment) {
      noteStranger(entry.deployment)
      return
    }
    // A node that was stopped between its look at the database and this entry, or a replica that lags behind.
    const late = Math.max(0, clock.now() - entry.time - clockTolerance)
    const until = since + redis.maxStaleness - late
    if (until <= now) return
    heardUntil = Math.max(heardUntil, until)
    heardAt = now
    heardAtWall = clock.now()
    knownThrough = Math.max(knownThrough, entry.time)
    if (isHeard()) wake()
  }

  function isHeard(): boolean {
    const hasSlept = Math.abs(clock.now() - heardAtWall) > redis.maxStaleness + clockTolerance
    return monotonic() < heardUntil && !hasSlept
  }

  const reader = readFeed({
    ...{ address: redis.url, key: feedKey(issuer), monotonic, onEntry, onNotice },
    onBegin: onKeyChange,
  })

  /** Resolves with the next word of the feed, or when it has been waited for long enough. */
  function nextWord(): Promise<void> {
    waiting ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        failedAt = monotonic()
        resolve()
      }, WAKE_UP)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    }).finally(() => {
      waiting = null
    })
    return waiting
  }

  function decide(): void {
    if (isHeard() || onOutage === 'continue') return
    throw new SallyportError('unavailable', { detail: 'Revocations are not heard just now.', retryAfter: 1 })
  }

  async function waitAndDecide(): Promise<void> {
    await nextWord()
    decide()
  }

  const isStale = (token: Judged) => !view.judge(token, clock.now())

  /** A token that may be newer than what is known: its account may have changed once more. Times in tokens are cut to the second. */
  const mayBeNewer = ({ issuedAt }: Judged) => issuedAt + 1000 > knownThrough && reader.failure() === null

  async function judgeByNextWords(token: Judged): Promise<void> {
    const end = performance.now() + WAKE_UP
    do await nextWord()
    while (isStale(token) && mayBeNewer(token) && performance.now() < end)
    if (isStale(token)) throw stale()
  }

  return {
    catchUp() {
      if (isHeard()) return undefined
      const isInVain = reader.failure() !== null || Math.abs(monotonic() - failedAt) < PAUSE
      if (!isInVain) return waitAndDecide()
      decide()
      return undefined
    },
    judge(token) {
      if (!isStale(token)) return undefined
      if (mayBeNewer(token)) return judgeByNextWords(token)
      throw stale()
    },
    status: () => ({
      isHeard: isHeard(),
      age: heardAt === null ? null : monotonic() - heardAt,
      remembered: view.size,
      failure: reader.failure(),
    }),
    close: () => reader.close(),
  }
}

function stale(): SallyportError {
  return new SallyportError('token_expired', {
    detail: 'The account has changed since the token was issued: refresh it.',
  })
}
