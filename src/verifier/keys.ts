import { SallyportError } from '../contract/sallyport-error.js'
import type { CheckingKey } from '../crypto/access-token.js'
import { sharedKey } from '../crypto/shared-key.js'
import { fetchText } from './fetch-text.js'
import { parseKeySet } from './key-set.js'
import type { VerifierSettings } from './verifier-options.js'

/** The keys that check tokens. */
export interface Keys {
  /** The key of that name, or null. Where it is not known the set is asked for again, by the cool-down. @throws SallyportError `unavailable` */
  keyOf(kid: string): Promise<CheckingKey | null>
  /** Sees to it that the keys are not too old. Undefined where there is nothing to wait for. @throws SallyportError `unavailable` */
  tend(): Promise<void> | undefined
  /** Has the set fetched again, since it is known to have changed. */
  renew(): void
  /** Changes with the set: what was verified under another generation is verified again. */
  generation(): number
  status(): KeyStatus
}

/** How the server's keys stand. */
export interface KeyStatus {
  readonly count: number
  /** Milliseconds since the set was asked for successfully; null for configured secrets, and before the first answer. */
  readonly age: number | null
  /** Why the last request failed; null where it did not. */
  readonly failure: string | null
}

export function createKeys(settings: VerifierSettings, monotonic: () => number): Keys {
  const { jwksUrl, secret = [], algorithms, onNotice } = settings
  const secrets = new Map(
    (algorithms.includes('HS256') ? secret : []).map((text): [string, CheckingKey] => {
      const { kid, key } = sharedKey(text)
      return [kid, { algorithm: 'HS256', verificationKey: key, signsUntil: null }]
    }),
  )
  return jwksUrl === undefined ? configured(secrets) : remote(settings, jwksUrl, secrets, onNotice, monotonic)
}

function configured(secrets: ReadonlyMap<string, CheckingKey>): Keys {
  return {
    keyOf: async (kid) => secrets.get(kid) ?? null,
    tend: () => undefined,
    renew: () => undefined,
    generation: () => 0,
    status: () => ({ count: secrets.size, age: null, failure: null }),
  }
}

/** Keys of a set that is fetched: on first use, when it has grown old, and for a name that it lacks. */
function remote(
  { keys: { maxAge, maxStale, coolDown, timeout }, algorithms, fetch }: VerifierSettings,
  url: string,
  secrets: ReadonlyMap<string, CheckingKey>,
  onNotice: (notice: string) => void,
  monotonic: () => number,
): Keys {
  let known: ReadonlyMap<string, CheckingKey> = new Map()
  let text = ''
  let generation = 0
  let fetchedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let failure: string | null = null
  let running: Promise<void> | null = null
  /** Heard to have changed, and not asked for since. */
  let isOutdated = false

  const age = () => monotonic() - fetchedAt
  const mayAsk = () => Math.abs(monotonic() - triedAt) >= coolDown

  async function ask(): Promise<void> {
    const started = monotonic()
    triedAt = started
    isOutdated = false
    try {
      const found = await fetchText(url, { timeout, ...(fetch && { fetch }) })
      const keys = found === text ? known : parseKeySet(found, algorithms)
      if (found !== text) generation++
      if (failure !== null) onNotice(`The keys are fetched from ${url} again.`)
      ;[known, text, fetchedAt, failure] = [keys, found, started, null]
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (failure === null) onNotice(`The keys cannot be fetched from ${url}: ${reason}`)
      failure = reason
      // What was heard to have changed has still to be fetched.
      isOutdated = known.size > 0
    }
  }

  /** One request at a time, shared by all who wait for it. */
  function fetchOnce(): Promise<void> {
    running ??= ask().finally(() => {
      running = null
    })
    return running
  }

  async function tendSlowly(): Promise<void> {
    if (running !== null || mayAsk()) await fetchOnce()
    if (age() > maxStale) throw unavailable()
  }

  return {
    generation: () => generation,

    tend() {
      const isDue = age() > maxAge || isOutdated
      if (!isDue) return undefined
      // Too old to count, or never there: wait. Else what is known serves while the set is fetched.
      if (age() > maxStale) return tendSlowly()
      if (mayAsk()) void fetchOnce()
      return undefined
    },

    async keyOf(kid) {
      const shared = secrets.get(kid)
      if (shared !== undefined) return shared
      await this.tend()
      const key = known.get(kid)
      if (key !== undefined) return key
      if (running !== null || mayAsk()) await fetchOnce()
      const found = known.get(kid)
      // It may be a key that is new: as long as nobody can be asked, nobody can say that it is none.
      if (found === undefined && failure !== null) throw unavailable()
      return found ?? null
    },

    renew() {
      isOutdated = true
      if (mayAsk()) void fetchOnce()
    },

    status: () => ({
      count: known.size + secrets.size,
      age: fetchedAt === Number.NEGATIVE_INFINITY ? null : age(),
      failure,
    }),
  }
}

function unavailable(): SallyportError {
  return new SallyportError('unavailable', { detail: 'The keys that check tokens cannot be fetched.', retryAfter: 1 })
}
