import { assertGuest } from '../contract/guest-session.js'
import type { ClientContext, Credential, Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { CookieJar } from './cookies.js'
import { type HeaderGetter, readCookie, readCookies, readCredential } from './credentials.js'
import type { HttpDependencies } from './http-app-types.js'
import type { Guard } from './route.js'

export interface Caller {
  readonly identity: Identity | null
  readonly credential: Credential | null
  readonly sessionCookies: readonly string[]
  readonly refreshCookie: string | null
}

/**
 * Who is calling. Where authentication is required, anything short of an identity is a 401.
 * Elsewhere what cannot be read counts as not sent: signing in must work with a stale cookie in the jar.
 */
export async function identifyCaller(
  guard: Guard,
  header: HeaderGetter,
  client: ClientContext,
  jar: CookieJar,
  authenticate: HttpDependencies['authenticate'],
): Promise<Caller> {
  const refreshCookie = orNull(() => readCookie(header, jar.refreshName))
  const sessionCookies = orNull(() => readCookies(header, jar.accessName)) ?? []
  if (guard.authentication === 'none') {
    const credential = orNull(() => readCredential(header, jar.accessName))
    return { identity: null, credential, sessionCookies, refreshCookie }
  }
  const credential = readCredential(header, jar.accessName)
  if (credential === null) throw new SallyportError('unauthenticated')
  const fresh = guard.fresh ?? guard.csrf === 'token'
  const identity = await authenticate(credential, { client }, header('x-tenant-id') ?? null, fresh)
  if (guard.guestsOnly) assertGuest(identity)
  return { identity, credential, sessionCookies, refreshCookie }
}

/** What a browser that signed in before shows. Several are read as one: what a neighbour planted proves nothing. */
export function deviceCookieOf(header: HeaderGetter, jar: CookieJar): string | null {
  const values = orNull(() => readCookies(header, jar.deviceName)) ?? []
  return values.length === 0 ? null : values.join('~')
}

function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof SallyportError) return null
    throw error
  }
}
