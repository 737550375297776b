import { SallyportError } from '../contract/sallyport-error.js'
import type { HttpConfig } from './http-app-types.js'
import type { CookieChange } from './route.js'

/** What browsers promise to keep of one cookie (RFC 6265 §6.1). */
const MOST_BYTES = 4096

/** What an operator can do where a JWT is larger than that. */
export const SHORTEN = 'shorten auth.jwt.issuer and auth.jwt.audience, or use auth.mode stateful'

/** How long a browser stays known without signing in again, in seconds. */
const DEVICE_AGE = 180 * 86_400

/** The names and paths of the cookies. The scheme of `public_url` decides, not the connection (contract §2). */
export interface CookieJar {
  readonly accessName: string
  readonly refreshName: string
  /** Of the cookie that makes a browser known: no credential, and not cleared with the others. */
  readonly deviceName: string
  /** Of the cookie that the links are bound to which a browser asks for. */
  readonly magicLinkName: string
  /** The refresh endpoint under each base path: the refresh token is sent nowhere else. */
  readonly refreshPaths: readonly string[]
}

export function createCookieJar(config: HttpConfig): CookieJar {
  const secure = isHttps(config.server.publicUrl)
  return {
    accessName: secure ? '__Host-session_id' : 'session_id',
    refreshName: secure ? '__Secure-refresh_token' : 'refresh_token',
    deviceName: secure ? '__Host-known_device' : 'known_device',
    magicLinkName: secure ? '__Host-magic_link' : 'magic_link',
    refreshPaths: config.server.basePaths.map((base) => `${base.replace(/\/$/, '')}/refresh`),
  }
}

/** True where browsers keep it; all of it is ASCII. */
export function fitsCookie(name: string, value: string): boolean {
  return name.length + value.length <= MOST_BYTES
}

export function isHttps(publicUrl: string | null): boolean {
  return publicUrl !== null && new URL(publicUrl).protocol === 'https:'
}

/** The `Set-Cookie` values of a change. A cookie is cleared with the attributes it was set with, or it stays. */
export function setCookieHeaders(jar: CookieJar, change: CookieChange): string[] {
  if (change.kind === 'access') return [setCookie(jar.accessName, change.accessToken, '/', change.maxAge)]
  if (change.kind === 'magic_link') return [setCookie(jar.magicLinkName, change.value, '/', change.maxAge)]
  const cleared = { accessToken: '', refreshToken: null, maxAge: 0, device: undefined }
  const { accessToken, refreshToken, maxAge, device } = change.kind === 'set' ? change : cleared
  const refreshMaxAge = refreshToken === null ? 0 : maxAge
  // Who does not want to be remembered is not, beyond the browser's session.
  const deviceAge = maxAge === null ? null : DEVICE_AGE
  return [
    setCookie(jar.accessName, accessToken, '/', maxAge),
    ...jar.refreshPaths.map((path) => setCookie(jar.refreshName, refreshToken ?? '', path, refreshMaxAge)),
    ...(device === undefined ? [] : [setCookie(jar.deviceName, device, '/', deviceAge)]),
  ]
}

// `Secure` also on http at loopback, which browsers hold to be trustworthy. Never a Domain: sub-domains are others.
function setCookie(name: string, value: string, path: string, maxAge: number | null): string {
  if (!/^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*$/.test(value))
    throw new Error(`Cookie ${name} has an illegal value`)
  if (!fitsCookie(name, value)) {
    throw new SallyportError('internal', {
      detail: 'The token is larger than what browsers keep of a cookie. Ask for it with `transport: "bearer"`.',
      cause: new Error(`Cookie ${name} is larger than ${MOST_BYTES} bytes: ${SHORTEN}`),
    })
  }
  const age = maxAge === null ? '' : `; Max-Age=${Math.max(0, Math.floor(maxAge))}`
  return `${name}=${value}; Path=${path}${age}; Secure; HttpOnly; SameSite=Lax`
}
