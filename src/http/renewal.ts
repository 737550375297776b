import { isGuestSession } from '../contract/guest-session.js'
import type { ClientContext, Credential } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Caller } from './authentication.js'
import { createCookieJar, fitsCookie, SHORTEN } from './cookies.js'
import type { HttpDependencies, RenewedToken } from './http-app-types.js'
import type { Reply } from './route.js'

/** Who called, and by what. */
export type Renewable = Pick<Caller, 'credential' | 'identity'>

/** What goes out beside an answer: the next token as the cookie, or in the headers of contract §2. */
export type Renewed = Pick<Reply, 'headers' | 'cookies'>

/**
 * A browser with cookies alone and a guest never refresh by themselves: on their way the access token is exchanged for
 * one of the present mode, or for a JWT that lives longer. It goes back as it came. Null where it may stay what it is, at
 * once where nobody has to be asked.
 */
export function createRenewal({
  renew,
  logger,
  config,
}: Pick<HttpDependencies, 'renew' | 'logger' | 'config'>): (
  caller: Renewable,
  request: { readonly client: ClientContext },
) => Promise<Renewed | null> | null {
  const { accessName } = createCookieJar(config)
  let isTold = false

  /** A browser that is sent no other token keeps its own to the end of that, and refreshes then. */
  function tellOfSize(bytes: number): null {
    if (!isTold) logger.error({ bytes }, `a renewed JWT is larger than browsers keep of a cookie: ${SHORTEN}`)
    isTold = true
    return null
  }

  async function sent(source: Credential['source'], renewing: Promise<RenewedToken | null>): Promise<Renewed | null> {
    try {
      const renewed = await renewing
      if (renewed === null) return null
      const { accessToken, expiresAt, maxAge } = renewed
      if (source === 'cookie') {
        if (!fitsCookie(accessName, accessToken)) return tellOfSize(accessToken.length)
        return { cookies: { kind: 'access', accessToken, maxAge } }
      }
      const headers = { 'x-session-token': accessToken, 'x-session-expires-at': new Date(expiresAt).toISOString() }
      return { headers }
    } catch (error) {
      // Ended by this very request, perhaps.
      if (error instanceof SallyportError && error.code === 'session_revoked') return null
      // What the request asked for is done: a token that cannot be exchanged now will be at the next one.
      logger.error({ cause: error instanceof Error ? error.message : String(error) }, 'a token could not be renewed')
      return null
    }
  }

  return ({ credential, identity }, request) => {
    if (credential === null || identity === null || renew === undefined) return null
    // By far the most frequent answer at a door.
    if (credential.source === 'header' && !isGuestSession(identity)) return null
    const renewing = renew(credential, identity, request)
    return renewing === null ? null : sent(credential.source, renewing)
  }
}
