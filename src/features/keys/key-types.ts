import type { JsonWebKey, KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { CheckingKey, SigningAlgorithm } from '../../crypto/access-token.js'

export { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../crypto/access-token.js'

/** A key that derives session tokens; `id` stands in every token made with it. */
export interface SessionKey {
  readonly id: number
  readonly secret: Buffer
}

/** A key that signs JWTs. It serves one algorithm, whatever a token's header says. */
export interface SigningKey {
  /** RFC 7638 thumbprint; for a shared secret a name derived from it one way. */
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly signingKey: KeyObject
  readonly verificationKey: KeyObject
  /** What `/.well-known/jwks.json` shows; null for a shared secret. */
  readonly publicJwk: JsonWebKey | null
}

/** A key that checks what it has signed. */
export interface VerificationKey extends SigningKey, CheckingKey {}

/** A key as an administrator sees it; never the key itself. */
export interface KeySummary {
  /** Null for a configured secret, which the database does not hold. */
  readonly id: number | null
  readonly kid: string | null
  readonly purpose: 'session' | 'signing'
  readonly algorithm: string
  readonly status: 'next' | 'active' | 'retired'
  /** What is made now is made with it. */
  readonly inUse: boolean
  /** Null for a configured secret. */
  readonly createdAt: number | null
  readonly activatedAt: number | null
  readonly retiredAt: number | null
  readonly expiresAt: number | null
}

/** RFC 7517 §5. */
export const jwksAnswer = z
  .object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: 'JwkSet' })
