import { defineRoute, type Route } from '../../http/define-route.js'
import type { Keyring } from './key-service.js'
import { jwksAnswer } from './key-types.js'

/** Well below the time for which a key is announced before it signs, unless somebody rotates by hand twice in a row. */
const CACHE_SECONDS = 300

export function keyRoutes(keyring: Keyring): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      base: 'root',
      path: '/.well-known/jwks.json',
      operationId: 'jwks',
      summary: 'The public keys that access tokens are signed with (RFC 7517)',
      tag: 'Keys',
      guard: { authentication: 'none', csrf: 'none' },
      responses: {
        200: { description: 'Active, announced, and retired until their last token has expired', schema: jwksAnswer },
      },
      errors: [],
      handle: async () => ({
        status: 200,
        body: await keyring.jwks(),
        headers: { 'cache-control': `public, max-age=${CACHE_SECONDS}, stale-while-revalidate=60` },
      }),
    }),
  ]
}
