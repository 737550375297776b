import { expect, onTestFinished } from 'vitest'
import type { ConfigInput } from '../../src/config/config.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'
import { type BareNode, openNodeOfTest } from '../flows/nodes.js'
import { bearer } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { until } from '../redis/redis-server.js'
import { AUDIENCE, ISSUER } from '../security/jwt-world.js'
import { verdictBy, verifierOf } from './local-verifier.js'

type Jwt = NonNullable<NonNullable<ConfigInput['auth']>['jwt']>

/** A node in stateless mode over a database of its own, that tells of itself often. */
export async function openTellingNode(redis: string, jwt: Jwt = {}): Promise<BareNode> {
  const database = await emptyPostgresDatabase()
  onTestFinished(() => database.remove())
  return openNodeOfTest({
    ...{ url: database.url, redis },
    auth: {
      mode: 'stateless',
      jwt: { issuer: ISSUER, audience: AUDIENCE, ...jwt },
      revocation: { maxStaleness: 400 },
    },
  })
}

export async function signOut(node: BareNode, token: string): Promise<void> {
  const answer = await node.request('/auth/logout', { method: 'POST', headers: bearer(token) })
  expect(answer.status).toBe(204)
}

/** A verifier that knows this Redis alone hears of a sign-out, and of nobody else's. */
export async function expectSignOutHeard(redis: string): Promise<void> {
  const node = await openTellingNode(redis)
  const verifier = verifierOf(node, { redis: { url: redis } })
  onTestFinished(() => verifier.close())
  await verifier.ready()
  const [anna, carl] = [await jwtNewcomer(node), await jwtNewcomer(node)]
  for (const { access_token } of [anna, carl]) expect(await verdictBy(verifier, access_token)).toBe('200')
  await signOut(node, anna.access_token)
  await until(async () => (await verdictBy(verifier, anna.access_token)) === 'session_revoked', 'the sign-out is heard')
  expect(await verdictBy(verifier, carl.access_token)).toBe('200')
}
