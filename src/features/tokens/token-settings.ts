import type { Config } from '../../config/config.js'
import { isGuestSession } from '../../contract/guest-session.js'
import type { AuthMethod } from '../../contract/identity.js'

/** What a JWT of one kind is good for. */
export interface JwtKind {
  /** False where it is refused, however genuine. */
  readonly honoured: boolean
  /** Since its issue, milliseconds. */
  readonly lifetime: number
  /**
   * What it is checked against beside its signature. `none`: nothing. `revocations`: what this node knows to be ended.
   * `record`: its session, which memory may vouch for. `always`: its session, which the database is asked for each time.
   */
  readonly sessionCheck: 'none' | 'revocations' | 'record' | 'always'
}

export interface JwtSettings {
  readonly issuer: string
  readonly audience: string
  /** Of somebody with an account. */
  readonly account: JwtKind
  /** Of a guest. */
  readonly guest: JwtKind
}

export interface TokenSettings extends JwtSettings {
  /** A JWT is issued anew when less than this is left of it, or half its life where that is less; milliseconds. */
  readonly refreshThreshold: number
  /** How old the last authentication may be for what endangers the account; milliseconds. */
  readonly recentAuthentication: number
  /** True where the session cookie has the prefix that keeps neighbours from setting it: on https. */
  readonly hasHostCookie: boolean
}

export function tokenSettings(config: Config): TokenSettings {
  const { jwt, session, guests, mode, accept } = config.auth
  const publicName = config.server.publicUrl ?? 'sallyport'
  return {
    issuer: jwt.issuer ?? publicName,
    audience: jwt.audience ?? publicName,
    account: {
      honoured: mode === 'stateless' || accept.includes('stateless'),
      lifetime: jwt.accessTokenTtl,
      sessionCheck: jwt.sessionCheck,
    },
    // In both modes, and checked against its record whatever is configured for the others.
    guest: { honoured: guests.enabled, lifetime: guests.ttl, sessionCheck: 'record' },
    refreshThreshold: session.refreshThreshold,
    recentAuthentication: config.auth.reauthenticationMaxAge,
    hasHostCookie: config.server.publicUrl?.startsWith('https:') === true,
  }
}

/** The longest that a signing key is needed after its last signature, milliseconds. */
export function longestJwt({ auth }: Config): number {
  return auth.guests.enabled ? Math.max(auth.jwt.accessTokenTtl, auth.guests.ttl) : auth.jwt.accessTokenTtl
}

/** The kind of a JWT, by what it says of itself or its session of it: both are signed or stored by us. */
export function kindOf(settings: JwtSettings, of: { readonly authMethods: readonly AuthMethod[] }): JwtKind {
  return isGuestSession(of) ? settings.guest : settings.account
}
