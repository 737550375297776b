import { defineRoute, type Route } from '../../http/define-route.js'
import type { InvitationService } from '../invitations/invitation-service.js'
import { tokenAnswer, tokenReply } from '../tokens/token-types.js'
import { verificationRequired } from '../verification/verification-types.js'
import type { PasswordChangeService } from './password-change-service.js'
import type { PasswordResetService } from './password-reset-service.js'
import type { PasswordService } from './password-service.js'
import {
  changePasswordInput,
  forgotPasswordInput,
  loginInput,
  registerInput,
  resetPasswordInput,
} from './password-types.js'

interface PasswordServices {
  readonly passwords: PasswordService
  readonly invitations: InvitationService
  readonly passwordChange: PasswordChangeService
  readonly passwordReset: PasswordResetService
}

const NEW_PASSWORD_ERRORS = ['weak_password', 'breached_password', 'conflict', 'overloaded'] as const

export function passwordRoutes({
  passwords,
  invitations,
  passwordChange,
  passwordReset,
}: PasswordServices): readonly Route[] {
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
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/password/change',
      operationId: 'changePassword',
      summary: 'Replace the password, and end every other session',
      tag: 'Accounts',
      guard: { authentication: 'required', csrf: 'token', limit: 'hashing' },
      body: changePasswordInput,
      responses: { 204: { description: 'The password is the new one; the session of the request goes on' } },
      errors: [...NEW_PASSWORD_ERRORS, 'invalid_credentials', 'account_disabled', 'account_locked'],
      async handle({ identity, body, client }) {
        const { current_password: current, new_password: next } = body
        await passwordChange.change(identity, { current, next }, client)
        return { status: 204 }
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/password/forgot',
      operationId: 'forgotPassword',
      summary: 'Have a link sent that sets a new password; the answer is the same for every address',
      tag: 'Accounts',
      guard: { authentication: 'none', csrf: 'origin', limit: 'mail' },
      body: forgotPasswordInput,
      responses: { 202: { description: 'Where the address has an account, a message is on its way' } },
      errors: [],
      async handle({ body: { email, tenant_id }, tenantHeader, client }) {
        await passwordReset.forgot(email, { body: tenant_id, header: tenantHeader }, client)
        return { status: 202 }
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/password/reset',
      operationId: 'resetPassword',
      summary: 'Set a new password with the token of such a link, and end every session',
      tag: 'Accounts',
      guard: { authentication: 'none', csrf: 'origin', limit: 'hashing' },
      body: resetPasswordInput,
      responses: { 204: { description: 'The password is the new one; nobody is signed in' } },
      errors: [...NEW_PASSWORD_ERRORS, 'invalid_token', 'token_expired'],
      async handle({ body, client }) {
        await passwordReset.reset(body.token, body.new_password, client)
        return { status: 204 }
      },
    }),
  ]
}
