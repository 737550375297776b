import { z } from 'zod'
import type { Identity } from '../../contract/identity.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import { type Profile, userAnswer, usernameInput } from './user-types.js'

const me = userAnswer
  .extend({
    session_id: z.uuid(),
    auth_methods: z.array(z.string()),
    auth_time: z.iso.datetime().meta({ description: 'When the caller last proved who they are.' }),
  })
  .meta({ id: 'Me' })

export function userRoutes(profile: Profile): readonly Route[] {
  const answer = (identity: Identity) => ({
    status: 200,
    body: {
      ...profile.userAnswerOf(identity),
      session_id: identity.sessionId,
      auth_methods: [...identity.authMethods],
      auth_time: new Date(identity.authTime).toISOString(),
    },
  })
  const shown = { 200: { description: 'The caller', schema: me } }
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
      body: z.object({ username: usernameInput.optional() }).meta({ id: 'UpdateMeRequest' }),
      responses: shown,
      errors: ['not_found'],
      async handle({ identity, body, client }) {
        return answer(body.username === undefined ? identity : await profile.rename(identity, body.username, client))
      },
    }),
  ]
}
