import type { Clock } from '../runtime/clock.js'
import type { HttpLogger } from './http-app-types.js'

/** Requests in a row that must look like it. */
const SUSPICIOUS = 100
const TOLD_AGAIN = 3_600_000

/**
 * Says loudly, once an hour, that a proxy seems to stand in front that `server.trust_proxy` does not name: then everybody
 * has its address, and the limits of one are the limits of all. It looks like it when every one of many requests comes
 * from one address, and each brings an `X-Forwarded-For` that is not believed, with different values among them.
 */
export function createSharedAddressWatch(logger: Pick<HttpLogger, 'error'>, clock: Clock) {
  let address: string | null = null
  let forwarded: string | null = null
  let seen = 0
  let isMixed = false
  let toldAt: number | null = null

  /** @param client whom the request is counted as @param forwardedFor `X-Forwarded-For` as it came */
  return (client: string | null, remoteAddress: string | null, forwardedFor: string | null): void => {
    const isUnbelieved = forwardedFor !== null && client !== null && (remoteAddress ?? '').endsWith(client)
    if (!isUnbelieved || client !== address) {
      address = isUnbelieved ? client : null
      forwarded = forwardedFor
      seen = isUnbelieved ? 1 : 0
      isMixed = false
      return
    }
    seen++
    isMixed ||= forwardedFor !== forwarded
    if (seen < SUSPICIOUS || !isMixed) return
    const now = clock.now()
    if (toldAt !== null && now >= toldAt && now - toldAt < TOLD_AGAIN) return
    toldAt = now
    logger.error(
      { address, key: 'server.trust_proxy' },
      'all requests come from one address, and X-Forwarded-For is not believed: is a proxy missing in server.trust_proxy? Limits count everybody as one client',
    )
  }
}
