import type { AccessClaims } from '../contract/access-claims.js'
import { createGuard } from './guard.js'
import type { Host } from './host-types.js'
import type { HttpApp, HttpDependencies } from './http-app-types.js'

/** @param readClaims the claims of a JWT that has been verified */
export function createHost(
  dependencies: HttpDependencies,
  app: HttpApp,
  readClaims: (jwt: string) => AccessClaims,
): Host {
  const { guard, refuse } = createGuard(dependencies)
  return {
    owns: app.owns,
    answer: async (call) => app.answer(call),
    guard,
    refuse,
    claimsOf: ({ identity, credential }) =>
      identity?.tokenFormat === 'jwt' && credential !== null ? readClaims(credential.token) : null,
  }
}
