import type { Caller } from './authentication.js'
import type { HttpDependencies } from './http-app-types.js'
import type { CookieChange } from './route.js'

/** Who called, and by what. */
export type Renewable = Pick<Caller, 'credential' | 'identity'>

/**
 * A browser with cookies alone never refreshes by itself: on its way its access cookie is exchanged for one of the
 * present mode, or for a JWT that lives longer. Null where the cookie may stay what it is.
 */
export function createRenewal({
  convert,
  logger,
}: Pick<HttpDependencies, 'convert' | 'logger'>): (caller: Renewable) => Promise<CookieChange | null> {
  return async ({ credential, identity }) => {
    if (credential?.source !== 'cookie' || identity === null || convert === undefined) return null
    try {
      const renewed = await convert(credential, identity)
      return renewed && { kind: 'access', ...renewed }
    } catch (error) {
      // What the request asked for is done: a cookie that cannot be exchanged now will be at the next one.
      logger.error({ cause: error instanceof Error ? error.message : String(error) }, 'a cookie could not be converted')
      return null
    }
  }
}
