import { defineRoute, type Route } from '../../http/define-route.js'
import { meAnswer, type Profile } from '../users/user-types.js'
import type { ReauthenticationService } from './reauthentication-service.js'
import { reauthenticateInput } from './reauthentication-types.js'

export function reauthenticationRoutes(
  reauthentication: ReauthenticationService,
  profile: Pick<Profile, 'meAnswerOf'>,
): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/reauthenticate',
      operationId: 'reauthenticate',
      summary: 'Prove once more who the caller is, ahead of what endangers the account',
      tag: 'Accounts',
      guard: { authentication: 'required', csrf: 'token', limit: 'hashing' },
      body: reauthenticateInput,
      responses: { 200: { description: 'The caller, with the new `auth_time`', schema: meAnswer } },
      errors: ['invalid_credentials', 'account_disabled', 'account_locked', 'overloaded'],
      async handle({ identity, body, client }) {
        const renewed = await reauthentication.withPassword(identity, body.password, client)
        return { status: 200, body: profile.meAnswerOf(renewed) }
      },
    }),
  ]
}
