import { SallyportError } from '../../src/contract/sallyport-error.js'
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/verifier/index.js'
import type { BareNode } from '../flows/nodes.js'
import { AUDIENCE, ISSUER, SECRETS } from '../security/jwt-world.js'

export const JWKS_URL = `${ISSUER}/.well-known/jwks.json`

/** A verifier that reads the keys of a node of the same process, or has its secrets, and its clock. */
export function verifierOf(node: BareNode, options: Partial<VerifierOptions> = {}): Verifier {
  return createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    fetch: (url) => node.request(new URL(url).pathname),
    clock: node.clock,
    ...options,
  })
}

export function verifierWithSecrets(node: BareNode, options: Partial<VerifierOptions> = {}): Verifier {
  return createVerifier({ issuer: ISSUER, audience: AUDIENCE, secret: SECRETS, clock: node.clock, ...options })
}

/** `200` or the code of the refusal. */
export async function verdictBy(verifier: Verifier, token: string): Promise<string> {
  try {
    await verifier.verify(token)
    return '200'
  } catch (error) {
    if (error instanceof SallyportError) return error.code
    throw error
  }
}
