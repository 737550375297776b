import type { AccessClaims } from '../contract/access-claims.js'
import type { AuthMethod, Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { claimsOf, identityOf } from './visit.js'

/** The session behind a request, in both modes. Times are milliseconds since the epoch. */
export interface RequestSession {
  readonly id: string
  readonly userId: string
  readonly tenantId: string
  readonly authMethods: readonly AuthMethod[]
  /** When its holder last proved who they are. */
  readonly authTime: number
  /** When the access token ends if it is not used again. */
  readonly expiresAt: number
}

/**
 * What a handler asks about its caller. All answer null, or false, where no guard has let anybody in; those that begin with
 * `must` throw a `SallyportError` `unauthenticated` then.
 */
export interface RequestContext<Carrier> {
  /** Who is calling, or null. */
  readonly getIdentity: (carrier: Carrier) => Identity | null
  /** The caller's user id, or null. */
  readonly getUserId: (carrier: Carrier) => string | null
  /** The id of the caller's tenant, or null. */
  readonly getTenantId: (carrier: Carrier) => string | null
  /** The caller's session, in both modes, or null. */
  readonly getSession: (carrier: Carrier) => RequestSession | null
  /** The claims of the JWT that the request came with; null for an opaque token. */
  readonly getClaims: (carrier: Carrier) => AccessClaims | null
  /** True where the request came with a JWT, whatever the mode: both formats are honoured while a mode is changed. */
  readonly isJwtMode: (carrier: Carrier) => boolean
  /** Who is calling. Throws `unauthenticated` where nobody is known. */
  readonly mustGetIdentity: (carrier: Carrier) => Identity
  /** The caller's user id. Throws `unauthenticated` where nobody is known. */
  readonly mustGetUserId: (carrier: Carrier) => string
  /** The id of the caller's tenant. Throws `unauthenticated` where nobody is known. */
  readonly mustGetTenantId: (carrier: Carrier) => string
  /** The caller's session, in both modes. Throws `unauthenticated` where nobody is known. */
  readonly mustGetSession: (carrier: Carrier) => RequestSession
  /** Throws for an opaque token too: ask `isJwtMode` first. */
  readonly mustGetClaims: (carrier: Carrier) => AccessClaims
}

/** @param keyOf the object that the adapter's guards have noted the caller with */
export function createRequestContext<Carrier>(keyOf: (carrier: Carrier) => object): RequestContext<Carrier> {
  const getIdentity = (carrier: Carrier) => identityOf(keyOf(carrier))
  const getUserId = (carrier: Carrier) => getIdentity(carrier)?.userId ?? null
  const getTenantId = (carrier: Carrier) => getIdentity(carrier)?.tenantId ?? null
  const getClaims = (carrier: Carrier) => claimsOf(keyOf(carrier))
  const getSession = (carrier: Carrier) => {
    const identity = getIdentity(carrier)
    return identity && sessionOf(identity)
  }
  return {
    getIdentity,
    getUserId,
    getTenantId,
    getSession,
    getClaims,
    isJwtMode: (carrier) => getIdentity(carrier)?.tokenFormat === 'jwt',
    mustGetIdentity: (carrier) => present(getIdentity(carrier)),
    mustGetUserId: (carrier) => present(getUserId(carrier)),
    mustGetTenantId: (carrier) => present(getTenantId(carrier)),
    mustGetSession: (carrier) => present(getSession(carrier)),
    mustGetClaims: (carrier) => present(getClaims(carrier)),
  }
}

function sessionOf({ sessionId, userId, tenantId, authMethods, authTime, expiresAt }: Identity): RequestSession {
  return { id: sessionId, userId, tenantId, authMethods, authTime, expiresAt }
}

function present<T>(value: T | null): T {
  if (value === null) throw new SallyportError('unauthenticated')
  return value
}
