import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, sign } from 'node:crypto'
import { compactVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { isSigned, verifyAccessToken } from '../../src/crypto/access-token.js'
import { openSigningKey, thumbprintOf } from '../../src/features/keys/key-signing.js'
import { ED25519_PRIVATE, EDDSA, ES256, HS256, JOE, type JwsVector, RS256, VECTORS } from './jws.js'

// ASVS 9.1.1
describe.each(VECTORS)('The signature of $source ($algorithm)', (vector) => {
  const { algorithm, header, payload } = vector
  const verificationKey = keyOf(vector)
  const signature = Buffer.from(vector.signature, 'base64url')

  it('holds, by our own verifier and by another one', async () => {
    expect(isSigned({ algorithm, verificationKey }, `${header}.${payload}`, signature)).toBe(true)
    const { payload: bytes } = await compactVerify(`${header}.${payload}.${vector.signature}`, verificationKey)
    expect(Buffer.from(bytes)).toEqual(Buffer.from(payload, 'base64url'))
  })

  it('fails with one bit of the text or of the signature changed', () => {
    const text = `${header}.${payload}`
    for (let at = 0; at < text.length; at++) {
      const changed = Buffer.from(text, 'ascii')
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect([at, isSigned({ algorithm, verificationKey }, changed.toString('ascii'), signature)]).toEqual([at, false])
    }
    for (let at = 0; at < signature.length; at++) {
      const changed = Buffer.from(signature)
      changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at)
      expect([at, isSigned({ algorithm, verificationKey }, text, changed)]).toEqual([at, false])
    }
  })

  it('fails where it is cut, lengthened, empty or of another text', () => {
    const text = `${header}.${payload}`
    const others = [
      Buffer.alloc(0),
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.alloc(signature.length),
      Buffer.concat([signature, signature]),
    ]
    for (const other of others) expect(isSigned({ algorithm, verificationKey }, text, other)).toBe(false)
    for (const other of ['', '.', `${text}.`, ` ${text}`, payload]) {
      expect(isSigned({ algorithm, verificationKey }, other, signature)).toBe(false)
    }
  })

  it('fails under any key of another kind', () => {
    for (const other of VECTORS) {
      if (other === vector) continue
      expect(
        isSigned({ algorithm: other.algorithm, verificationKey: keyOf(other) }, `${header}.${payload}`, signature),
      ).toBe(false)
    }
  })
})

describe('The key of RFC 8037', () => {
  it('has the public half of A.2, the thumbprint of A.3, and signs A.4 to the letter', () => {
    const privateKey = createPrivateKey({ key: ED25519_PRIVATE, format: 'jwk' })
    const opened = openSigningKey('EdDSA', privateKey.export({ type: 'pkcs8', format: 'der' }))
    expect(opened.publicJwk).toMatchObject(EDDSA.key)
    expect(opened.publicJwk).not.toHaveProperty('d')
    expect(opened.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
    const made = sign(null, Buffer.from(`${EDDSA.header}.${EDDSA.payload}`, 'ascii'), opened.signingKey)
    expect(made.toString('base64url')).toBe(EDDSA.signature)
  })
})

describe('The thumbprint of RFC 7638 §3.1', () => {
  const key = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
  }

  it('is that of the public members, whatever else the key says of itself', () => {
    const expected = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
    expect(thumbprintOf(key)).toBe(expected)
    expect(thumbprintOf({ e: key.e, alg: 'RS256', n: key.n, kid: '2011-04-29', kty: 'RSA', use: 'sig' })).toBe(expected)
  })

  it('is another one for another key', () => {
    expect(thumbprintOf({ ...key, e: 'AQAC' })).not.toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })
})

describe('The tokens that the standards show', () => {
  // RFC 7519 §6.1.
  const unsecured = `eyJhbGciOiJub25lIn0.${JOE}.`
  const shown = VECTORS.map(({ header, payload, signature }) => `${header}.${payload}.${signature}`)

  it.each([unsecured, ...shown])('is no access token of ours, even under its own key: %s', async (text) => {
    const vector = [HS256, RS256, ES256, EDDSA].find(({ header }) => text.startsWith(header))
    const verificationKey = keyOf(vector ?? HS256)
    const algorithm = vector?.algorithm ?? 'HS256'
    const key = { kid: '', algorithm, verificationKey, signingKey: verificationKey, publicJwk: null, signsUntil: null }
    const expected = { issuer: 'joe', audience: 'joe', lifetimeOf: () => 900_000, keyOf: async () => key }
    await expect(verifyAccessToken(text, expected, 1_300_819_000_000)).rejects.toMatchObject({ code: 'invalid_token' })
  })
})

function keyOf({ key }: JwsVector): KeyObject {
  return key.kty === 'oct'
    ? createSecretKey(Buffer.from(key.k ?? '', 'base64url'))
    : createPublicKey({ key, format: 'jwk' })
}
