import { createHmac, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import type { AccessClaims as PublicClaims } from '../contract/access-claims.js'
import type { Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { type AccessClaims, accessClaims, toAccessClaims } from './access-claims.js'
import { equalInConstantTime } from './constant-time.js'

export const SIGNING_ALGORITHMS = ['EdDSA', 'ES256', 'RS256', 'HS256'] as const

/** As in the `alg` of RFC 7518 §3.1 and RFC 8037 §3.1. */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

/** What checks the signatures of one key. It serves one algorithm, whatever a token's header says. */
export interface CheckingKey {
  readonly algorithm: SigningAlgorithm
  readonly verificationKey: KeyObject
  /** Milliseconds since the epoch: what says that it was issued later was not signed by us. Null while the key may sign. */
  readonly signsUntil: number | null
}

/** RFC 9068 §2.1: an access token is no other kind of token. */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

const LONGEST = 8192
/** Headers of genuine tokens that need not be read again: there is one for each key that signs. */
const MOST_HEADERS = 100
/** Seconds that another node's clock may be ahead. */
const LEEWAY = 5

/** What a JWT says that has been verified before. */
export function readAccessClaims(text: string): PublicClaims {
  const { bnd: _, ...claims } = accessClaims.parse(parseJson(decode(text.split('.')[1] ?? '')))
  return claims
}

export interface Expectations {
  readonly issuer: string
  readonly audience: string
  /** The longest life of a token that says so of itself, in milliseconds: an older one issued for longer ends by it. */
  readonly lifetimeOf: (claims: AccessClaims) => number
  readonly keyOf: (kid: string) => Promise<CheckingKey | null>
  /** How far the issuer's clock may be ahead, seconds. */
  readonly leeway?: number
}

/**
 * The claims of a genuine access token. The key is found by `kid` among our own and serves its own algorithm alone
 * (RFC 8725 §3.1); a header with any member beyond `alg`, `typ` and `kid` is not one of ours, so `jku`, `jwk`, `x5c`
 * and `crit` are never obeyed. Raw node:crypto, since this is the cost of a token seen for the first time.
 * @param now milliseconds since the epoch
 * @param options `evenIfExpired`: for a logout, which ends the session of a genuine token that has expired
 * @throws SallyportError `invalid_token`, `token_expired`
 */
export async function verifyAccessToken(
  text: string,
  expected: Expectations,
  now: number,
  options: { readonly evenIfExpired?: boolean } = {},
): Promise<AccessClaims> {
  const parts = text.length > LONGEST ? [] : text.split('.')
  const [head, body, signature] = parts
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) throw invalid()
  const header = headers.get(head) ?? parseHeader(head)
  const key = await expected.keyOf(header.kid)
  if (key === null || key.algorithm !== header.alg) throw invalid()
  if (!isSigned(key, text.slice(0, head.length + 1 + body.length), decode(signature))) throw invalid()
  // Only now: what strangers make up is not worth remembering.
  if (headers.size >= MOST_HEADERS) headers.clear()
  headers.set(head, header)
  const claims = toAccessClaims(parseJson(decode(body)))
  if (claims === null) throw invalid()
  // Whoever has got hold of a retired key signs nothing new with it, however long old tokens of it live.
  if (key.signsUntil !== null && claims.iat * 1000 > key.signsUntil) throw invalid()
  checkClaims(claims, expected, now, options.evenIfExpired ?? false)
  return claims
}

const joseHeader = z.strictObject({ alg: z.string(), typ: z.literal(ACCESS_TOKEN_TYPE), kid: z.string() })

type Header = z.output<typeof joseHeader>

/** By their text. What a header says depends on nothing else. */
const headers = new Map<string, Header>()

function parseHeader(segment: string): Header {
  const header = joseHeader.safeParse(parseJson(decode(segment)))
  if (!header.success) throw invalid()
  return header.data
}

/** Base64url in its one spelling: no padding, no other alphabet, no bits left over (RFC 7515 §2, RFC 4648 §3.5). */
function decode(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url')
  // What it is spelt with again is that spelling: a character of no meaning would be missing.
  if (segment === '' || bytes.toString('base64url') !== segment) throw invalid()
  return bytes
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    throw invalid()
  }
}

/**
 * True where the signature of a JWS (RFC 7515 §5.2) was made with this key, by the one algorithm that the key serves.
 * @param text the signing input: both first segments and the dot between them
 */
export function isSigned(
  key: Pick<CheckingKey, 'algorithm' | 'verificationKey'>,
  text: string,
  signature: Buffer,
): boolean {
  const data = Buffer.from(text, 'latin1')
  switch (key.algorithm) {
    case 'EdDSA':
      return verify(null, data, key.verificationKey, signature)
    case 'ES256':
      return verify('sha256', data, { key: key.verificationKey, dsaEncoding: 'ieee-p1363' }, signature)
    case 'RS256':
      return verify('sha256', data, key.verificationKey, signature)
    case 'HS256':
      return equalInConstantTime(createHmac('sha256', key.verificationKey).update(data).digest(), signature)
  }
}

/**
 * The holder of a token as its claims tell. Never handed out as it is: its lists are shared and frozen.
 * @param permissions what the roles of the claims permit
 * @param expiresAt milliseconds since the epoch
 */
export function identityOfClaims(claims: AccessClaims, permissions: readonly string[], expiresAt: number): Identity {
  return {
    userId: claims.sub,
    tenantId: claims.tenant_id,
    sessionId: claims.sid,
    email: claims.email,
    emailVerified: claims.email_verified,
    username: claims.username,
    roles: Object.freeze(claims.roles),
    permissions,
    isGuest: claims.is_guest,
    createdAt: Date.parse(claims.user_created_at),
    authMethods: Object.freeze(claims.auth_methods),
    authTime: claims.auth_time * 1000,
    expiresAt,
    tokenFormat: 'jwt',
  }
}

function checkClaims(claims: AccessClaims, expected: Expectations, now: number, evenIfExpired: boolean): void {
  const time = now / 1000
  const latest = time + (expected.leeway ?? LEEWAY)
  const isOurs = claims.iss === expected.issuer && claims.aud === expected.audience && claims.sub === claims.user_id
  if (!isOurs || claims.nbf > latest || claims.iat > latest) throw invalid()
  const end = Math.min(claims.exp, claims.iat + expected.lifetimeOf(claims) / 1000)
  if (time >= end && !evenIfExpired) throw new SallyportError('token_expired')
}

function invalid(): SallyportError {
  return new SallyportError('invalid_token')
}
