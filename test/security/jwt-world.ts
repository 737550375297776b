import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type SigningKey } from '../../src/features/keys/key-types.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { type BareNode, openNode } from '../flows/nodes.js'
import { bearer, codeOf } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { craft, partsOf, type TokenParts } from './forged-token.js'

export const ISSUER = 'https://accounts.example'
export const AUDIENCE = 'https://api.example'
export const SECRETS = ['Zk3-first-shared-key-of-the-tests-9f2', 'Qp7-other-shared-key-of-the-tests-4c8'] as const

/** A node whose signing key the tests may use, and somebody's genuine token. */
export interface World extends Pick<TokenParts, 'header' | 'claims'> {
  readonly node: BareNode
  readonly key: SigningKey
  readonly token: string
  readonly userId: string
  /** The genuine token with members of its header or claims changed (undefined: taken away), signed as a genuine one. */
  altered(header: Record<string, unknown>, claims?: Record<string, unknown>): string
}

/** Runs a suite for each algorithm, with the clock back at the start of the genuine token's life for each test. */
export function describeEachAlgorithm(
  title: string,
  suite: (world: () => World, algorithm: SigningAlgorithm) => void,
): void {
  describe.each(SIGNING_ALGORITHMS.map((algorithm) => ({ algorithm })))(`${title}, $algorithm`, ({ algorithm }) => {
    const clock = new ManualClock()
    const start = clock.now()
    let world: World | undefined
    beforeAll(async () => {
      world = await openWorld(algorithm, clock)
    })
    beforeEach(() => clock.advance(start - clock.now()))
    afterAll(() => world?.node.close())
    suite(() => {
      if (world === undefined) throw new Error('There is no world outside a test.')
      return world
    }, algorithm)
  })
}

export async function openWorld(algorithm: SigningAlgorithm, clock = new ManualClock()): Promise<World> {
  const secret = algorithm === 'HS256' ? { secret: [...SECRETS] } : {}
  const jwt = { algorithm, issuer: ISSUER, audience: AUDIENCE, ...secret }
  const node = await openNode({ clock, auth: { mode: 'stateless', jwt }, judged: false })
  const { access_token: token, user_id: userId } = await jwtNewcomer(node)
  const { header, claims } = partsOf(token)
  const key = await node.keyring.signingKey()
  const altered: World['altered'] = (ofHeader, ofClaims = {}) =>
    craft(key, { ...header, ...ofHeader }, { ...claims, ...ofClaims })
  return { node, key, token, userId, header, claims, altered }
}

/**
 * What a token is good for: `200` or the code of the refusal, the same by header and by cookie, on a route, in forward
 * authentication and in the library.
 */
export async function verdictOf(node: BareNode, token: string): Promise<string> {
  const sent = [bearer(token), { cookie: `session_id=${token}` }]
  const verdicts = new Set([await libraryVerdictOf(node, token)])
  for (const headers of sent) {
    for (const path of ['/auth/me', '/auth/verify']) {
      const answer = await node.request(path, { headers })
      verdicts.add(answer.status === 200 ? '200' : await codeOf(answer))
    }
  }
  expect([...verdicts]).toHaveLength(1)
  return [...verdicts].join()
}

/** The same by the library alone, for what no header can carry or for many at once. */
export async function libraryVerdictOf(node: BareNode, token: string): Promise<string> {
  try {
    await node.api.verify({ accessToken: token })
    return '200'
  } catch (error) {
    if (error instanceof SallyportError) return error.code
    throw error
  }
}

/** Refused with `code` at every door, while a freshly signed twin before it and the genuine token after it are honoured. */
export async function expectRefused(world: World, token: string, code = 'invalid_token'): Promise<void> {
  const { node } = world
  expect(await libraryVerdictOf(node, world.altered({}, { jti: 'twin' }))).toBe('200')
  expect([await verdictOf(node, token), token.slice(0, 60)]).toEqual([code, token.slice(0, 60)])
  expect(await libraryVerdictOf(node, world.token)).toBe('200')
}
