import { SallyportError } from '../../contract/sallyport-error.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import type { TokenService } from '../tokens/token-service.js'
import { logoutReply, tokenAnswer, tokenReply } from '../tokens/token-types.js'
import type { Profile } from '../users/user-types.js'
import type { BypassService } from './bypass-service.js'
import { bypassLoginInput, bypassMeAnswer, bypassPersona } from './bypass-types.js'

/** For a server in bypass mode. All three check where they are called from: a page elsewhere is no developer. */
export function bypassRoutes({
  bypass,
  tokens,
  profile,
}: {
  readonly bypass: BypassService
  readonly tokens: TokenService
  readonly profile: Profile
}): readonly Route[] {
  const tag = 'Development'
  const guard = { authentication: 'none', csrf: 'origin' } as const
  return [
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/login-bypass',
      operationId: 'loginBypass',
      summary: 'Sign anybody in without a proof; an account that is not there is made',
      tag,
      guard,
      body: bypassLoginInput,
      bodyOptional: true,
      responses: { 200: { description: 'A new session', schema: tokenAnswer } },
      errors: ['account_disabled', 'session_limit_reached', 'forbidden', 'overloaded'],
      async handle({ body, tenantHeader, client }) {
        const { tenant_id, transport = 'bearer', ...named } = body
        const issued = await bypass.login(bypassPersona(named), { body: tenant_id, header: tenantHeader }, client)
        return tokenReply(200, issued, transport)
      },
    }),
    defineRoute({
      method: 'GET',
      base: 'auth',
      path: '/me-bypass',
      operationId: 'meBypass',
      summary: 'Who the caller is; without a token, the developer',
      tag,
      guard,
      responses: { 200: { description: 'The caller', schema: bypassMeAnswer } },
      errors: [
        'forbidden',
        'unauthenticated',
        'invalid_token',
        'token_expired',
        'session_revoked',
        'reauthentication_required',
      ],
      async handle({ credential, header, tenantHeader, client }) {
        if (credential !== null) {
          const identity = await tokens.authenticate(credential.token, tenantHeader, { client })
          return { status: 200, body: profile.meAnswerOf(await profile.current(identity)) }
        }
        // What cannot be read was meant as a token.
        if (typeof header('authorization') === 'string') throw new SallyportError('invalid_token')
        return { status: 200, body: await bypass.developer({ body: undefined, header: tenantHeader }, client) }
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/logout-bypass',
      operationId: 'logoutBypass',
      summary: 'End the current session, as `POST /auth/logout` does',
      tag,
      guard,
      responses: { 204: { description: 'The session is over, or there was none' } },
      errors: ['forbidden'],
      async handle({ header, client, ...presented }) {
        const hasAuthorization = typeof header('authorization') === 'string'
        return logoutReply(await tokens.logoutCaller({ ...presented, hasAuthorization }, client))
      },
    }),
  ]
}
