import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { isGuestSession } from '../contract/guest-session.js'
import type { Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { type Expectations, identityOfClaims, verifyAccessToken } from '../crypto/access-token.js'
import { permissionsOf } from '../runtime/role-permissions.js'
import type { Feed, FeedStatus, Judged } from './feed.js'
import { createKeys, type KeyStatus } from './keys.js'
import { openFeed } from './open-feed.js'
import { type Presented, presentedToken } from './presented-token.js'
import { parseOptions, type VerifierOptions } from './verifier-options.js'

/** Checks the access tokens of a Sallyport in stateless mode, without asking it. */
export interface Verifier {
  /**
   * Who holds this access token. The claims are those of its issue; permissions follow from the built-in roles.
   * @param from the token, or a request or headers to read it from
   * @throws SallyportError `unauthenticated` (none was sent), `invalid_token`, `token_expired`, `session_revoked`,
   * `forbidden` (`X-Tenant-ID` names another tenant), `reauthentication_required` (bound to where it was issued),
   * `unavailable` (no keys, or no word of the feed, see `onOutage`)
   */
  verify(from: Presented): Promise<Identity>
  /** Resolves when tokens can be checked. @throws SallyportError `unavailable` after 10 seconds, with what is missing */
  ready(): Promise<void>
  /** How it stands, for a health check. Asks nobody. */
  status(): VerifierStatus
  close(): Promise<void>
}

/** How a verifier stands, for a health check. */
export interface VerifierStatus {
  /** True where a genuine token would be honoured. */
  readonly isReady: boolean
  readonly keys: KeyStatus
  /** Null where no Redis is named. */
  readonly feed: FeedStatus | null
  /** Verified tokens that are remembered. */
  readonly cached: number
}

interface Verified extends Judged {
  /** Milliseconds since the epoch, by the token alone. */
  readonly expiresAt: number
  /** Of the keys. */
  readonly generation: number
}

/** What a verified token takes in memory beside its texts, estimated, bytes. */
const ENTRY_BYTES = 1_500
const READY_TIMEOUT = 10_000
const READY_LOOK = 50

/**
 * A verifier for another service. Nothing is asked at first: the keys are fetched with the first token, or by `ready`.
 * @throws Error for options that are wrong
 * @example
 * const verifier = createVerifier({ issuer: 'https://id.example.com', audience: 'https://api.example.com' })
 * const { userId, roles } = await verifier.verify(request)
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const settings = parseOptions(options)
  const { clock } = settings
  const monotonic = clock.controlled ? () => clock.now() : () => performance.now()
  const keys = createKeys(settings, monotonic)
  const feed: Feed | null = settings.redis
    ? openFeed(settings, settings.redis, { clock, monotonic, onKeyChange: () => keys.renew() })
    : null
  const remembered = settings.cache.maxBytes === 0 ? null : cacheOf(settings.cache.maxBytes)
  const longest = settings.maxTokenAge ?? Number.POSITIVE_INFINITY
  const expected: Expectations = {
    issuer: settings.issuer,
    audience: settings.audience,
    lifetimeOf: () => longest,
    keyOf: (kid) => keys.keyOf(kid),
    leeway: settings.clockTolerance / 1000,
  }

  async function check(text: string): Promise<Verified> {
    if (/^sp[srkt]_/.test(text))
      throw refusedKind('This token is opaque: Sallyport alone can check it, at `GET /auth/verify`.')
    const generation = keys.generation()
    const claims = await verifyAccessToken(text, expected, clock.now())
    const issuedAt = claims.iat * 1000
    const expiresAt = Math.min(claims.exp * 1000, issuedAt + longest)
    const isGuest = isGuestSession({ authMethods: claims.auth_methods })
    if (isGuest && settings.guests === 'refuse') throw refusedKind('Tokens of guests are not accepted here.')
    // A digest behind the name of the binding: without one the session is bound to nothing.
    if (claims.bnd?.includes(':') && settings.boundTokens === 'refuse') {
      throw new SallyportError('reauthentication_required', {
        detail: 'The token is bound to where its session was opened, which cannot be checked here.',
      })
    }
    return {
      identity: identityOfClaims(claims, permissionsOf(claims.roles), expiresAt),
      issuedAt,
      expiresAt,
      generation,
    }
  }

  async function verified(text: string): Promise<Verified> {
    if (remembered === null) return check(text)
    const digest = hash('sha256', text, 'base64')
    const known = remembered.get(digest)
    if (known?.generation === keys.generation()) return known
    const entry = await check(text)
    remembered.set(digest, entry, { size: ENTRY_BYTES + 2 * text.length })
    return entry
  }

  function isReady(): boolean {
    const { age } = keys.status()
    const hasKeys = settings.jwksUrl === undefined || (age !== null && age <= settings.keys.maxStale)
    const feedStatus = feed?.status()
    const isHeard = feedStatus === undefined || feedStatus.isHeard
    return hasKeys && (isHeard || (settings.onOutage === 'continue' && feedStatus.failure !== null))
  }

  function notReady(): SallyportError {
    const reasons = [keys.status().failure, feed?.status().failure].filter((reason) => typeof reason === 'string')
    const detail = reasons.join('; ') || 'No node of the issuer has told anything through Redis yet.'
    return new SallyportError('unavailable', { detail, retryAfter: 1 })
  }

  return {
    async verify(from) {
      const { token, tenantHeader } = presentedToken(from, settings.cookie)
      const due = keys.tend()
      if (due !== undefined) await due
      const entry = await verified(token)
      if (clock.now() >= entry.expiresAt) throw new SallyportError('token_expired')
      const { identity } = entry
      const word = feed?.catchUp()
      if (word !== undefined) await word
      const verdict = feed?.judge(entry)
      if (verdict !== undefined) await verdict
      if (tenantHeader !== null && tenantHeader.toLowerCase() !== identity.tenantId) {
        throw new SallyportError('forbidden', { detail: 'The token belongs to another tenant than X-Tenant-ID names.' })
      }
      // A copy: what the service makes of it stays with that call.
      return { ...identity }
    },

    async ready() {
      const end = performance.now() + READY_TIMEOUT
      while (!isReady()) {
        await keys.tend()?.catch(() => undefined)
        if (isReady()) return
        if (performance.now() > end) throw notReady()
        await new Promise((resolve) => setTimeout(resolve, READY_LOOK))
      }
    },

    status: () => ({
      isReady: isReady(),
      keys: keys.status(),
      feed: feed?.status() ?? null,
      cached: remembered?.size ?? 0,
    }),

    async close() {
      await feed?.close()
      remembered?.clear()
    },
  }
}

function cacheOf(maxBytes: number): LRUCache<string, Verified> {
  return new LRUCache({ maxSize: maxBytes })
}

function refusedKind(detail: string): SallyportError {
  return new SallyportError('invalid_token', { detail })
}
