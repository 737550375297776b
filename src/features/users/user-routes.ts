import { z } from 'zod'
import type { Identity } from '../../contract/identity.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import { localeInput, meAnswer, type Profile, usernameInput } from './user-types.js'

export function userRoutes(profile: Profile): readonly Route[] {
  const answer = (identity: Identity) => ({ status: 200, body: profile.meAnswerOf(identity) })
  const shown = { 200: { description: 'The caller', schema: meAnswer } }
  const read = {
    method: 'GET',
    tag: 'Accounts',
    summary: 'Who the caller is',
    guard: { authentication: 'required', csrf: 'none' },
    responses: shown,
    errors: [],
    handle: async ({ identity }: { readonly identity: Identity }) => answer(await profile.current(identity)),
  } as const
  return [
    defineRoute({ ...read, base: 'auth', path: '/me', operationId: 'me' }),
    defineRoute({ ...read, base: 'root', path: '/users/me', operationId: 'usersMe' }),
    defineRoute({
      method: 'PATCH',
      base: 'auth',
      path: '/me',
      operationId: 'updateMe',
      summary: "Change the caller's profile",
      tag: 'Accounts',
      guard: { authentication: 'required', csrf: 'token' },
      body: z
        .object({ username: usernameInput.optional(), locale: localeInput.optional() })
        .meta({ id: 'UpdateMeRequest' }),
      responses: shown,
      errors: ['not_found'],
      async handle({ identity, body, client }) {
        return answer(await profile.update(identity, body, client))
      },
    }),
  ]
}
