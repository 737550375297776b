import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/**
 * The HS256 key of a shared secret. Its `kid` is derived from the secret by HKDF (RFC 5869) and cut to 72 bits: the same
 * for everybody who has the secret, and of no help to who wants it.
 */
export function sharedKey(secret: string | Buffer): { readonly kid: string; readonly key: KeyObject } {
  const bytes = Buffer.from(secret)
  const kid = Buffer.from(hkdfSync('sha256', bytes, '', 'sallyport/v1/kid', 9)).toString('base64url')
  return { kid, key: createSecretKey(bytes) }
}
