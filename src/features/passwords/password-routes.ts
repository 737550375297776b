import { defineRoute, type Route } from '../../http/define-route.js'
import type { InvitationService } from '../invitations/invitation-service.js'
import { tokenAnswer, tokenReply } from '../tokens/token-types.js'
import { verificationRequired } from '../verification/verification-types.js'
import type { PasswordService } from './password-service.js'
import { loginInput, registerInput } from './password-types.js'

export function passwordRoutes({
  passwords,
  invitations,
}: {
  readonly passwords: PasswordService
  readonly invitations: InvitationService
}): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/register',
      operationId: 'register',
      summary: 'Make an account, by invitation or without, and sign in',
      tag: 'Accounts',
      guard: { authentication: 'none', csrf: 'origin', limit: 'hashing' },
      body: registerInput,
      responses: {
        201: { description: 'The account, signed in', schema: tokenAnswer },
        202: {
          description: 'The address must prove itself first; the same where it has an account, whose owner is told',
          schema: verificationRequired,
        },
      },
      errors: [
        'invalid_token',
        'token_expired',
        'account_disabled',
        'session_limit_reached',
        'forbidden',
        'email_taken',
        'weak_password',
        'breached_password',
        'session_revoked',
        'overloaded',
      ],
      async handle({ body, tenantHeader, client }) {
        const { transport = 'bearer', tenant_id, ...registration } = body
        const issued = await invitations.register(registration, { body: tenant_id, header: tenantHeader }, client)
        if (issued === null) return { status: 202, body: { status: 'verification_required' } }
        return tokenReply(201, issued, transport)
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/login',
      operationId: 'login',
      summary: 'Sign in with a password',
      tag: 'Accounts',
      guard: { authentication: 'none', csrf: 'origin', limit: 'hashing' },
      body: loginInput,
      responses: { 200: { description: 'A new session', schema: tokenAnswer } },
      errors: [
        'invalid_credentials',
        'account_disabled',
        'email_not_verified',
        'account_locked',
        'session_limit_reached',
        'session_revoked',
        'overloaded',
      ],
      async handle({ body, tenantHeader, client }) {
        const { email, password, remember = true, transport = 'bearer', tenant_id } = body
        const tenant = { body: tenant_id, header: tenantHeader }
        const issued = await passwords.login({ email, password, remember }, tenant, client)
        return tokenReply(200, issued, transport)
      },
    }),
  ]
}
