import { z } from 'zod'
import { parseDuration } from '../config/duration.js'
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../crypto/access-token.js'
import { type Clock, systemClock } from '../runtime/clock.js'
import { parseRedisUrl } from '../storage/redis/redis-url.js'

/** How a verifier is set up. Durations are texts as in the configuration of the server: `500ms`, `5s`, `15m`, `24h`. */
export interface VerifierOptions {
  /** `auth.jwt.issuer` of the server, else its `server.public_url`, else `sallyport`. Compared exactly. */
  readonly issuer: string
  /** `auth.jwt.audience` of the server, else its `server.public_url`, else `sallyport`. Compared exactly. */
  readonly audience: string
  /**
   * Where the server shows its keys. Default: `/.well-known/jwks.json` at the issuer, where that is an address and there
   * is no `secret`. Whoever answers there decides which tokens are genuine: use https, or a network that is yours.
   */
  readonly jwksUrl?: string | URL
  /** The shared secret of HS256, or several while it is changed: 32 bytes or more each. Whoever has it can make tokens. */
  readonly secret?: string | readonly string[]
  /** Default: EdDSA, ES256 and RS256 of a key set, HS256 of a secret. Names fewer than that to allow fewer. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** How far the clocks may differ (default 5s). A token's end has no leeway. */
  readonly clockTolerance?: string
  /** No token counts for longer than this since its issue, whatever end it names. Default: as the feed says, else none. */
  readonly maxTokenAge?: string
  /** Tokens of guests (default `refuse`): the server always looks their sessions up, which nobody can do here. */
  readonly guests?: 'refuse' | 'accept'
  /** Tokens that are bound to a network or browser (`auth.session.binding`): that cannot be checked here. Default `refuse`. */
  readonly boundTokens?: 'refuse' | 'accept'
  /** The name of a cookie to read where there is no `Authorization` header. Default: none. Guard writes against CSRF. */
  readonly cookie?: string
  readonly cache?: {
    /** What tokens that were verified may take in memory, in bytes, estimated. Default 32 MiB; 0 remembers none. */
    readonly maxBytes?: number
  }
  readonly keys?: {
    /** After this the set is fetched again in the background (default 5m). */
    readonly maxAge?: string
    /** Without an answer for so long the keys count no more (default 24h). */
    readonly maxStale?: string
    /** At most one request in this time, whatever tokens strangers send (default 5s). */
    readonly coolDown?: string
    /** Of one request (default 5s). */
    readonly timeout?: string
  }
  /** Takes the place of the global `fetch`, for a proxy or an authority of your own. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** The server's Redis, to hear of revocations. Without it a token counts until its end. */
  readonly redis?: {
    readonly url: string
    /** How long the feed may be silent before the outage policy applies (default 5s). More than the server's `max_staleness`. */
    readonly maxStaleness?: string
  }
  /**
   * Without word of the feed for `maxStaleness`: `refuse` (default) answers `unavailable`; `continue` goes on with what is
   * known, as without Redis.
   */
  readonly onOutage?: 'refuse' | 'continue'
  /** Hears what goes wrong and comes right again, one plain sentence each. Default: nobody. */
  readonly onNotice?: (notice: string) => void
  /** For tests. Default: the machine's. */
  readonly clock?: Clock
}

const duration = (text: string) =>
  z
    .string()
    .transform((given, context) => {
      const milliseconds = parseDuration(given)
      if (milliseconds !== null && milliseconds > 0) return milliseconds
      context.issues.push({ code: 'custom', message: 'expected a duration such as 5s or 15m', input: given })
      return z.NEVER
    })
    .prefault(text)

/** RFC 7518 §3.2: a key of HS256 has the size of its digest at least. */
const SECRET_BYTES = 32

const secret = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= SECRET_BYTES, `expected ${SECRET_BYTES} bytes or more (RFC 7518 §3.2)`)

const isHttp = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

const FUNCTION = 'expected a function'
const isFunction = (value: unknown) => typeof value === 'function'

const schema = z.strictObject({
  issuer: z.string().min(1),
  audience: z.string().min(1),
  jwksUrl: z
    .union([z.string(), z.instanceof(URL)])
    .transform(String)
    .refine(isHttp, 'expected an http or https URL')
    .optional(),
  secret: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .pipe(z.array(secret).min(1))
    .optional(),
  algorithms: z.array(z.enum(SIGNING_ALGORITHMS)).min(1).optional(),
  clockTolerance: duration('5s'),
  maxTokenAge: duration('365d').optional(),
  guests: z.enum(['refuse', 'accept']).default('refuse'),
  boundTokens: z.enum(['refuse', 'accept']).default('refuse'),
  cookie: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected the name of a cookie')
    .optional(),
  cache: z
    .strictObject({
      maxBytes: z
        .int()
        .nonnegative()
        .default(32 * 1024 * 1024),
    })
    .prefault({}),
  keys: z
    .strictObject({
      maxAge: duration('5m'),
      maxStale: duration('24h'),
      coolDown: duration('5s'),
      timeout: duration('5s'),
    })
    .prefault({}),
  fetch: z.custom<NonNullable<VerifierOptions['fetch']>>(isFunction, FUNCTION).optional(),
  redis: z.strictObject({ url: z.string().transform(parseRedisUrl), maxStaleness: duration('5s') }).optional(),
  onOutage: z.enum(['refuse', 'continue']).default('refuse'),
  onNotice: z.custom<NonNullable<VerifierOptions['onNotice']>>(isFunction, FUNCTION).default(() => () => undefined),
  clock: z.custom<Clock>((value) => typeof value === 'object', 'expected a clock').default(systemClock),
})

export type VerifierSettings = z.output<typeof schema> & { readonly algorithms: readonly SigningAlgorithm[] }

/** @throws Error that names each option that is wrong, and shows no secret */
export function parseOptions(options: VerifierOptions): VerifierSettings {
  const parsed = schema.safeParse(options)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'options'}: ${message}`)
    throw new Error(`createVerifier: ${problems.join('; ')}`)
  }
  const given = parsed.data
  const jwksUrl = given.jwksUrl ?? (given.secret === undefined ? jwksOf(given.issuer) : undefined)
  if (jwksUrl === undefined && given.secret === undefined) {
    throw new Error('createVerifier: name jwksUrl (or secret, for HS256): the issuer is no address')
  }
  const checkable = SIGNING_ALGORITHMS.filter((name) =>
    name === 'HS256' ? given.secret !== undefined : jwksUrl !== undefined,
  )
  const algorithms = checkable.filter((name) => given.algorithms?.includes(name) ?? true)
  if (algorithms.length === 0) throw new Error('createVerifier: algorithms: none of them fits jwksUrl or secret')
  return { ...given, onNotice: harmless(given.onNotice), ...(jwksUrl !== undefined && { jwksUrl }), algorithms }
}

function jwksOf(issuer: string): string | undefined {
  return isHttp(issuer) ? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json` : undefined
}

/** Whoever is told cannot stop what goes on. */
function harmless(onNotice: (notice: string) => void): (notice: string) => void {
  return (notice) => {
    try {
      onNotice(notice)
    } catch {
      // Nobody is left to be told.
    }
  }
}
