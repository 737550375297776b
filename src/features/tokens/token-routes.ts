import { z } from 'zod'
import { SallyportError } from '../../contract/sallyport-error.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import type { TokenService } from './token-service.js'
import { logoutReply, tokenAnswer, tokenReply } from './token-types.js'

export function tokenRoutes(tokens: TokenService): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/refresh',
      operationId: 'refresh',
      summary: 'Exchange a refresh token for a new pair',
      tag: 'Tokens',
      guard: { authentication: 'none', csrf: 'origin', limit: 'refresh' },
      body: z.object({
        refresh_token: z
          .string()
          .max(4096)
          .optional()
          .meta({ description: 'Absent where the refresh cookie is sent.' }),
      }),
      bodyOptional: true,
      responses: {
        200: {
          description: 'The new pair, in the way the old one came: in the body, or as cookies',
          schema: tokenAnswer,
        },
      },
      errors: [
        'forbidden',
        'unauthenticated',
        'invalid_token',
        'token_expired',
        'token_reused',
        'session_revoked',
        'reauthentication_required',
        'overloaded',
      ],
      async handle({ body, refreshCookie, sessionCookies, header, tenantHeader, client }) {
        const token = body.refresh_token ?? refreshCookie
        if (token === null) {
          throw new SallyportError('unauthenticated', {
            detail: 'Send `refresh_token` in the body, or the refresh cookie.',
          })
        }
        // A client that is no browser keeps its cookies by itself, and has no neighbours who could plant one.
        const isBrowser = typeof (header('origin') ?? header('sec-fetch-site')) === 'string'
        if (body.refresh_token === undefined && isBrowser) tokens.checkCookiePair(token, sessionCookies)
        const issued = await tokens.refresh(token, tenantHeader, client)
        return tokenReply(200, issued, body.refresh_token === undefined ? 'cookie' : 'bearer')
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/logout',
      operationId: 'logout',
      summary: 'End the current session and everything issued for it',
      tag: 'Tokens',
      guard: { authentication: 'none', csrf: 'origin' },
      responses: { 204: { description: 'The session is over, or there was none' } },
      errors: [],
      async handle({ header, client, ...presented }) {
        const hasAuthorization = typeof header('authorization') === 'string'
        return logoutReply(await tokens.logoutCaller({ ...presented, hasAuthorization }, client))
      },
    }),
    defineRoute({
      method: 'GET',
      base: 'auth',
      path: '/csrf',
      operationId: 'csrfToken',
      summary: 'The CSRF token of the current session, for clients with cookies',
      tag: 'Tokens',
      guard: { authentication: 'required', csrf: 'none' },
      responses: {
        200: {
          description: 'To be sent as `X-CSRF-Token` with every write that a cookie authenticates',
          schema: z.object({ csrf_token: z.string() }).meta({ id: 'CsrfToken' }),
        },
      },
      errors: [],
      handle: async ({ identity }) => ({ status: 200, body: { csrf_token: await tokens.csrfToken(identity) } }),
    }),
  ]
}
