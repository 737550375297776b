import { z } from 'zod'
import { AUTH_METHODS, type AuthMethod, isProven } from '../contract/identity.js'

const seconds = z.int().nonnegative()

/** The claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2). Times are seconds since the epoch. */
export const accessClaims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.uuid(),
  user_id: z.uuid(),
  tenant_id: z.uuid(),
  email: z.string().nullable(),
  email_verified: z.boolean(),
  username: z.string(),
  roles: z.array(z.string()),
  is_guest: z.boolean(),
  user_created_at: z.iso.datetime(),
  // No JWT is issued for a session of bypass; one that says otherwise is none of ours.
  auth_methods: z.array(z.enum(AUTH_METHODS)).refine(isProven),
  auth_time: seconds,
  sid: z.uuid(),
  /** What the session is bound to, as `SessionBinding.claimOf` tells it. */
  bnd: z.string().optional(),
  jti: z.string(),
  iat: seconds,
  nbf: seconds,
  exp: seconds,
})

export type AccessClaims = z.output<typeof accessClaims>

const UUID = z.regexes.uuid()
const DATE_TIME = z.regexes.datetime({})
const METHODS: ReadonlySet<unknown> = new Set(AUTH_METHODS)

/**
 * What `accessClaims` makes of a value that JSON gave; null where it refuses. By hand, since every token that is seen for
 * the first time comes by here: a third of the time, and less for the garbage collector. A test holds both against each other.
 */
export function toAccessClaims(value: unknown): AccessClaims | null {
  if (!isObject(value)) return null
  const { iss, aud, sub, user_id, tenant_id, email, email_verified, username, roles, is_guest } = value
  const { user_created_at, auth_methods, auth_time, sid, bnd, jti, iat, nbf, exp } = value
  if (!isText(iss) || !isText(aud) || !isText(username) || !isText(jti)) return null
  if (!isUuid(sub) || !isUuid(user_id) || !isUuid(tenant_id) || !isUuid(sid)) return null
  if (!isSeconds(auth_time) || !isSeconds(iat) || !isSeconds(nbf) || !isSeconds(exp)) return null
  if (typeof email_verified !== 'boolean' || typeof is_guest !== 'boolean') return null
  if (email !== null && !isText(email)) return null
  if (bnd !== undefined && !isText(bnd)) return null
  if (!isText(user_created_at) || !DATE_TIME.test(user_created_at)) return null
  if (!areTexts(roles) || !areMethods(auth_methods) || !isProven(auth_methods)) return null
  const claims: AccessClaims = {
    iss,
    aud,
    sub,
    user_id,
    tenant_id,
    email,
    email_verified,
    username,
    roles,
    is_guest,
    user_created_at,
    auth_methods,
    auth_time,
    sid,
    jti,
    iat,
    nbf,
    exp,
  }
  if (bnd !== undefined) claims.bnd = bnd
  return claims
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

function areMethods(value: unknown): value is AuthMethod[] {
  return Array.isArray(value) && value.every((method) => METHODS.has(method))
}
