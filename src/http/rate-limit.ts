import { SallyportError } from '../contract/sallyport-error.js'
import { addressBucket } from '../runtime/client-address.js'
import type { Fields } from './fields.js'
import type { HttpDependencies } from './http-app-types.js'
import type { LimitName } from './route.js'

/**
 * Counts a request, and says so in `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
 * @throws `rate_limited`
 */
export async function checkLimit(
  name: LimitName,
  address: string | null,
  limits: HttpDependencies['limits'],
  fields: Fields,
): Promise<void> {
  // All callers without an address would share one bucket, and anybody could empty it for everybody.
  if (address === null) return
  const decision = await limits.consume(name, addressBucket(address))
  if (decision === null) return
  const reset = Math.max(0, Math.ceil(decision.resetSeconds))
  const remaining = Math.max(0, decision.remaining)
  fields.set('ratelimit-policy', `"${name}";q=${decision.limit};w=${decision.windowSeconds}`)
  fields.set('ratelimit', `"${name}";r=${remaining};t=${reset}`)
  if (!decision.allowed) throw new SallyportError('rate_limited', { retryAfter: Math.max(1, reset) })
}
