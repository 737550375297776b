import { createPrivateKey, createPublicKey, generateKeyPair, hash, type JsonWebKey, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { sharedKey } from '../../crypto/shared-key.js'
import type { SigningAlgorithm, SigningKey } from './key-types.js'

const generate = promisify(generateKeyPair)

/** A new key in the form that is sealed: PKCS #8 DER (RFC 5958), for HS256 256 random bits. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<Buffer> {
  const pair = await generatePair(algorithm)
  return pair === null ? randomBytes(32) : pair.privateKey.export({ type: 'pkcs8', format: 'der' })
}

function generatePair(algorithm: SigningAlgorithm) {
  switch (algorithm) {
    case 'EdDSA':
      return generate('ed25519')
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' })
    case 'RS256':
      return generate('rsa', { modulusLength: 3072 })
    case 'HS256':
      return null
  }
}

/** The key of what `generateSigningKey` gave. */
export function openSigningKey(algorithm: SigningAlgorithm, bytes: Buffer): SigningKey {
  if (algorithm === 'HS256') return sharedSecretKey(bytes)
  const signingKey = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
  const verificationKey = createPublicKey(signingKey)
  const jwk = verificationKey.export({ format: 'jwk' })
  const kid = thumbprintOf(jwk)
  return { kid, algorithm, signingKey, verificationKey, publicJwk: { ...jwk, kid, alg: algorithm, use: 'sig' } }
}

/** An HS256 key of a shared secret. */
export function sharedSecretKey(secret: string | Buffer): SigningKey {
  const { kid, key } = sharedKey(secret)
  return { kid, algorithm: 'HS256', signingKey: key, verificationKey: key, publicJwk: null }
}

/** The name of a key by its public members (RFC 7638 §3, RFC 8037 §2), in their order, whatever else is said of it. */
export function thumbprintOf({ crv, e, kty, n, x, y }: JsonWebKey): string {
  return hash('sha256', JSON.stringify({ crv, e, kty, n, x, y }), 'base64url')
}
