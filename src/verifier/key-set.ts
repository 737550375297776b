import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { CheckingKey, SigningAlgorithm } from '../crypto/access-token.js'

/** More than any server has: a set is no place for somebody's collection. */
const MOST_KEYS = 100
/** RFC 7518 §3.3. */
const SHORTEST_RSA = 2048
const LONGEST_RSA = 16_384

const shared = {
  kid: z.string().min(1).max(512),
  use: z.literal('sig').optional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes('verify'))
    .optional(),
  /** When a retired key signed its last token, seconds since the epoch. */
  signs_until: z.int().nonnegative().optional(),
}
/** A key serves the one algorithm that its type allows. No type of ours is `oct`: a set that anybody reads has no secret. */
const publicKey = z.discriminatedUnion('kty', [
  z.object({
    ...shared,
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string(),
    alg: z.literal('EdDSA').optional(),
  }),
  z.object({
    ...shared,
    ...{ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() },
    alg: z.literal('ES256').optional(),
  }),
  z.object({ ...shared, kty: z.literal('RSA'), n: z.string(), e: z.string(), alg: z.literal('RS256').optional() }),
])

const keySet = z.object({ keys: z.array(z.unknown()).max(MOST_KEYS) })

const ALGORITHMS = { OKP: 'EdDSA', EC: 'ES256', RSA: 'RS256' } as const satisfies Record<string, SigningAlgorithm>

/**
 * The keys of a JWK set (RFC 7517 §5) that may check access tokens, by `kid`. Members of other kinds are left out, as
 * §5 says; a name that two keys share serves neither.
 * @throws Error where it is no key set, or has no key of use
 */
export function parseKeySet(text: string, algorithms: readonly SigningAlgorithm[]): ReadonlyMap<string, CheckingKey> {
  const keys = new Map<string, CheckingKey>()
  const seen = new Set<string>()
  for (const candidate of keySet.parse(JSON.parse(text)).keys) {
    const parsed = publicKey.safeParse(candidate)
    if (!parsed.success) continue
    const { kid, kty, signs_until: until } = parsed.data
    const algorithm = ALGORITHMS[kty]
    const verificationKey = importKey(parsed.data)
    if (seen.has(kid)) keys.delete(kid)
    else if (verificationKey !== null && algorithms.includes(algorithm)) {
      keys.set(kid, { algorithm, verificationKey, signsUntil: until === undefined ? null : until * 1000 })
    }
    seen.add(kid)
  }
  if (keys.size === 0) throw new Error('the key set has no key that may check tokens')
  return keys
}

function importKey(jwk: z.output<typeof publicKey>): KeyObject | null {
  const { kid, use, key_ops, signs_until, alg, ...members } = jwk
  try {
    const key = createPublicKey({ key: members, format: 'jwk' })
    const bits = key.asymmetricKeyDetails?.modulusLength
    return bits !== undefined && (bits < SHORTEST_RSA || bits > LONGEST_RSA) ? null : key
  } catch {
    // A point that is not on the curve, for one.
    return null
  }
}
