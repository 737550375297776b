import { type HeaderGetter, readCookies } from '../../http/credentials.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import { tokenAnswer, tokenReply } from '../tokens/token-types.js'
import { bindingFor } from './magic-link-binding.js'
import type { MagicLinkService } from './magic-link-service.js'
import { magicLinkAnswer, magicLinkInput, magicLinkVerifyInput } from './magic-link-types.js'

/** Seconds: longer than a link is good for, so that one asked for again later has the same. */
const COOKIE_AGE = 3600

/** @param cookieName of the cookie that links are bound to */
export function magicLinkRoutes(magicLinks: MagicLinkService, cookieName: string): readonly Route[] {
  const tag = 'Accounts'
  const guard = { authentication: 'none', csrf: 'origin' } as const
  return [
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/magic-link',
      operationId: 'requestMagicLink',
      summary: 'Have a link sent that signs in, where the address has an account',
      tag,
      guard: { ...guard, limit: 'mail' },
      body: magicLinkInput,
      responses: { 202: { description: 'The same for every address', schema: magicLinkAnswer } },
      errors: [],
      async handle({ body, tenantHeader, header, client }) {
        const { email, remember = true, transport, tenant_id } = body
        const isBound = transport === 'cookie' || isBrowser(header)
        const binding = isBound ? bindingFor(readCookies(header, cookieName)) : null
        await magicLinks.request({ email, remember, binding }, { body: tenant_id, header: tenantHeader }, client)
        const cookies = binding && ({ kind: 'magic_link', value: binding, maxAge: COOKIE_AGE } as const)
        return { status: 202, body: { status: 'accepted' }, ...(cookies && { cookies }) }
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/magic-link/verify',
      operationId: 'verifyMagicLink',
      summary: 'Sign in with the token of a link',
      tag,
      guard: { ...guard, limit: 'hashing' },
      body: magicLinkVerifyInput,
      responses: { 200: { description: 'A new session', schema: tokenAnswer } },
      errors: [
        'invalid_token',
        'token_expired',
        'account_locked',
        'session_limit_reached',
        'session_revoked',
        'overloaded',
      ],
      async handle({ body, tenantHeader, header, client }) {
        const { token, remember, transport = 'bearer', tenant_id } = body
        const presented = { token, remember, isBrowser: isBrowser(header), bindings: readCookies(header, cookieName) }
        const issued = await magicLinks.signIn(presented, { body: tenant_id, header: tenantHeader }, client)
        return tokenReply(200, issued, transport)
      },
    }),
  ]
}

/** Every browser of the last years says where a request comes from (Fetch Metadata), or from which page (Origin). */
function isBrowser(header: HeaderGetter): boolean {
  return typeof header('sec-fetch-site') === 'string' || typeof header('origin') === 'string'
}
