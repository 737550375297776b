import { constants, createHmac, type KeyObject, sign } from 'node:crypto'
import { z } from 'zod'
import type { SigningAlgorithm, SigningKey } from '../../src/features/keys/key-types.js'

const jsonObject = z.record(z.string(), z.unknown())
type JsonObject = z.output<typeof jsonObject>

export interface TokenParts {
  readonly head: string
  readonly body: string
  readonly signature: string
  readonly header: JsonObject
  readonly claims: JsonObject
}

/** A JWT taken apart, unchecked. */
export function partsOf(token: string): TokenParts {
  const [head = '', body = '', signature = ''] = token.split('.')
  const read = (segment: string) => jsonObject.parse(JSON.parse(Buffer.from(segment, 'base64url').toString('utf8')))
  return { head, body, signature, header: read(head), claims: read(body) }
}

/**
 * A JWT of any header and claims, signed with a key that the server trusts, so that nothing else is wrong with it.
 * A text is taken as the JSON itself, so that it can be malformed.
 */
export function craft(
  key: Pick<SigningKey, 'algorithm' | 'signingKey'>,
  header: JsonObject | string,
  claims: JsonObject | unknown[] | string,
): string {
  const text = `${segment(header)}.${segment(claims)}`
  return `${text}.${signatureOf(key.algorithm, key.signingKey, text).toString('base64url')}`
}

export function segment(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8').toString('base64url')
}

/** A JWS signature (RFC 7518 §3, RFC 8037 §3.1), by node:crypto alone. */
export function signatureOf(algorithm: SigningAlgorithm, key: KeyObject, text: string): Buffer {
  const data = Buffer.from(text, 'utf8')
  switch (algorithm) {
    case 'EdDSA':
      return sign(null, data, key)
    case 'ES256':
      return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
    case 'RS256':
      return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PADDING })
    case 'HS256':
      return createHmac('sha256', key).update(data).digest()
  }
}
