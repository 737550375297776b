import { SignJWT } from 'jose'
import type { AccessClaims } from '../../crypto/access-claims.js'
import { ACCESS_TOKEN_TYPE } from '../../crypto/access-token.js'
import type { SigningKey } from '../keys/key-types.js'

/** True for a text in the shape of a JWT; nothing of it is believed. */
export function looksLikeJwt(text: string): boolean {
  return text.startsWith('ey')
}

/** Signs claims as a compact JWS (RFC 7515 §7.1). */
export async function signAccessToken(key: SigningKey, claims: AccessClaims): Promise<string> {
  const header = { alg: key.algorithm, typ: ACCESS_TOKEN_TYPE, kid: key.kid }
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key.signingKey)
}
