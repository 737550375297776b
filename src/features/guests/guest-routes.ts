import type { z } from 'zod'
import { defineRoute, type Route } from '../../http/define-route.js'
import { isoTime } from '../../runtime/iso-time.js'
import { tokenAnswer, tokenReply } from '../tokens/token-types.js'
import { verificationRequired } from '../verification/verification-types.js'
import type { GuestService } from './guest-service.js'
import {
  createGuestInput,
  type GuestSession,
  type GuestValidation,
  guestSessionAnswer,
  guestValidationAnswer,
  upgradeInput,
} from './guest-types.js'

const TAG = 'Guests'
const RENEWED = {
  'X-Session-Token': 'The next token, where little is left of the one that came in a header',
  'X-Session-Expires-At': 'When that one ends',
} as const

export function guestRoutes(guests: GuestService): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      base: 'root',
      path: '/session',
      operationId: 'createGuest',
      summary: 'A session without an account',
      tag: TAG,
      guard: { authentication: 'none', csrf: 'origin', limit: 'guests' },
      body: createGuestInput,
      bodyOptional: true,
      responses: { 201: { description: 'A new guest', schema: guestSessionAnswer } },
      errors: ['overloaded'],
      async handle({ body, tenantHeader, client }) {
        const session = await guests.create({ body: body.tenant_id, header: tenantHeader }, client)
        return sessionReply(201, session, body.transport === 'cookie')
      },
    }),
    defineRoute({
      method: 'GET',
      base: 'root',
      path: '/session/validate',
      operationId: 'validateGuest',
      summary: 'Whether token and session of a guest are good, and whose they are',
      tag: TAG,
      guard: { authentication: 'required', guestsOnly: true, csrf: 'none' },
      responses: {
        200: { description: 'Both are', schema: guestValidationAnswer, headers: RENEWED },
      },
      errors: [],
      handle: async ({ identity }) => validationReply(await guests.validate(identity)),
    }),
    defineRoute({
      method: 'POST',
      base: 'root',
      path: '/session/refresh',
      operationId: 'refreshGuest',
      summary: "Extend a guest's session",
      tag: TAG,
      guard: { authentication: 'required', guestsOnly: true, csrf: 'token' },
      responses: {
        200: { description: 'The next token, in the way the old one came', schema: guestSessionAnswer },
      },
      errors: [],
      async handle({ identity, client, credential }) {
        return sessionReply(200, await guests.refresh(identity, client), credential?.source === 'cookie')
      },
    }),
    defineRoute({
      method: 'DELETE',
      base: 'root',
      path: '/session',
      operationId: 'endGuest',
      summary: "End a guest's session, free the name and forget the guest",
      tag: TAG,
      guard: { authentication: 'required', guestsOnly: true, csrf: 'token' },
      responses: { 204: { description: 'The guest is gone' } },
      errors: [],
      async handle({ identity, client, credential }) {
        await guests.end(identity, client)
        const cookies = credential?.source === 'cookie' ? { cookies: { kind: 'clear' } as const } : {}
        return { status: 204, headers: { 'clear-site-data': '"cache"' }, ...cookies }
      },
    }),
    defineRoute({
      method: 'POST',
      base: 'root',
      path: '/session/upgrade',
      operationId: 'upgradeGuest',
      summary: 'Make an account of a guest: id and name stay, the session is a new one',
      tag: TAG,
      guard: { authentication: 'required', guestsOnly: true, csrf: 'token', limit: 'hashing' },
      body: upgradeInput,
      responses: {
        200: { description: 'The account, signed in', schema: tokenAnswer },
        202: {
          description: 'The address must prove itself first; until then the guest goes on',
          schema: verificationRequired,
        },
      },
      errors: ['email_taken', 'weak_password', 'breached_password', 'overloaded'],
      async handle({ identity, body, client, credential }) {
        const { email, password, transport } = body
        const issued = await guests.upgrade(identity, { email, password }, client)
        if (issued === null) return { status: 202, body: { status: 'verification_required' } }
        const cameAsCookie = credential?.source === 'cookie'
        const reply = tokenReply(200, issued, transport ?? (cameAsCookie ? 'cookie' : 'bearer'))
        // The guest's cookie is dead, and must not stand in the way of whoever signs in next.
        return cameAsCookie && reply.cookies === undefined ? { ...reply, cookies: { kind: 'clear' } } : reply
      },
    }),
  ]
}

function sessionReply(status: number, session: GuestSession, asCookie: boolean) {
  const { token, sessionId, username, playerUuid, expiresAt, cookieMaxAge } = session
  const answer = {
    session_id: sessionId,
    username,
    player_uuid: playerUuid,
    expires_at: new Date(expiresAt).toISOString(),
  }
  if (!asCookie) return { status, body: { ...answer, token } }
  // A guest has no refresh token: what another sign-in left in the browser goes.
  const cookies = { kind: 'set', accessToken: token, refreshToken: null, maxAge: cookieMaxAge } as const
  return { status, body: answer, cookies }
}

/** What `GET /session/validate` answers, whoever found the guest. */
export function validationReply({ identity, createdAt, lastAccessed }: GuestValidation) {
  const body: z.output<typeof guestValidationAnswer> = {
    valid: true,
    session_id: identity.sessionId,
    username: identity.username,
    player_uuid: identity.userId,
    created_at: isoTime(createdAt),
    last_accessed: isoTime(lastAccessed),
    expires_at: isoTime(identity.expiresAt),
    is_active: true,
  }
  return { status: 200, body }
}
