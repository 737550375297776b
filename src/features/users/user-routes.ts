import { z } from 'zod'
import type { Identity } from '../../contract/identity.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import { localeInput, meAnswer, type Profile, usernameInput } from './user-types.js'

/** Where callers are told who they are. */
export const ME_PATHS = [
  { base: 'auth', path: '/me' },
  { base: 'root', path: '/users/me' },
] as const

/** What they are told. */
export function meReply(profile: Profile, identity: Identity) {
  return { status: 200, body: profile.meAnswerOf(identity) }
}

export function userRoutes(profile: Profile): readonly Route[] {
  const answer = (identity: Identity) => meReply(profile, identity)
  const [underBase, atRoot] = ME_PATHS
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
    defineRoute({ ...read, ...underBase, operationId: 'me' }),
    defineRoute({ ...read, ...atRoot, operationId: 'usersMe' }),
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
