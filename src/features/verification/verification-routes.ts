import { SallyportError } from '../../contract/sallyport-error.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import type { TokenService } from '../tokens/token-service.js'
import type { VerificationService } from './verification-service.js'
import { ACCEPTED, acceptedAnswer, changeEmailInput, resendInput, verifyEmailInput } from './verification-types.js'

const accepted = { 202: { description: 'The same, whether or not a message is sent', schema: acceptedAnswer } }

export function verificationRoutes(
  verification: VerificationService,
  tokens: Pick<TokenService, 'authenticate'>,
): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/email/verify',
      operationId: 'verifyEmail',
      summary: 'Prove an address by the token of a mail: the present one of an account, or the one it is to have',
      tag: 'Email',
      guard: { authentication: 'none', csrf: 'origin', limit: 'links' },
      body: verifyEmailInput,
      responses: { 204: { description: 'The address is proved' } },
      errors: ['invalid_token', 'token_expired', 'email_taken'],
      async handle({ body, client }) {
        await verification.verify(body.token, client)
        return { status: 204 }
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/email/verify/resend',
      operationId: 'resendVerification',
      summary: 'Send the verification mail once more',
      tag: 'Email',
      guard: { authentication: 'none', csrf: 'origin', limit: 'mail' },
      body: resendInput,
      bodyOptional: true,
      responses: accepted,
      errors: [
        'unauthenticated',
        'invalid_token',
        'token_expired',
        'session_revoked',
        'forbidden',
        'reauthentication_required',
      ],
      async handle({ body, credential, tenantHeader, client }) {
        if (body.email !== undefined) {
          await verification.resendTo(body.email, { body: body.tenant_id, header: tenantHeader }, client)
          return ACCEPTED
        }
        if (credential === null) {
          throw new SallyportError('unauthenticated', { detail: 'Send `email`, or the access token of the account.' })
        }
        const identity = await tokens.authenticate(credential.token, tenantHeader, { client })
        await verification.resendOwn(identity, client)
        return ACCEPTED
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/email/change',
      operationId: 'changeEmail',
      summary: 'Have another address prove itself, which then takes the place of the present one',
      tag: 'Email',
      guard: { authentication: 'required', csrf: 'token', recentAuthentication: true, limit: 'mail' },
      body: changeEmailInput,
      responses: accepted,
      errors: [],
      async handle({ identity, body, client }) {
        await verification.requestChange(identity, body.new_email, client)
        return ACCEPTED
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/email/change/undo',
      operationId: 'undoEmailChange',
      summary: 'Give an account its former address back, by the token that was sent there',
      tag: 'Email',
      guard: { authentication: 'none', csrf: 'origin', limit: 'links' },
      body: verifyEmailInput,
      responses: {
        204: { description: 'The former address is back; every session has ended, and the password is gone' },
      },
      errors: ['invalid_token', 'token_expired', 'email_taken'],
      async handle({ body, client }) {
        await verification.undoChange(body.token, client)
        return { status: 204 }
      },
    }),
  ]
}
