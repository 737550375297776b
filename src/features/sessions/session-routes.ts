import { z } from 'zod'
import { defineRoute, type Route } from '../../http/define-route.js'
import type { SessionService } from './session-service.js'
import { type SessionRecord, sessionItem } from './session-types.js'

export function sessionRoutes(sessions: SessionService): readonly Route[] {
  const item = (session: SessionRecord, currentId: string): z.output<typeof sessionItem> => ({
    id: session.id,
    current: session.id === currentId,
    ip_address: session.ipAddress,
    user_agent: session.userAgent,
    device: sessions.deviceName(session),
    last_activity: new Date(session.lastActivity).toISOString(),
    created_at: new Date(session.createdAt).toISOString(),
    expires_at: new Date(sessions.expiresAt(session)).toISOString(),
    auth_methods: [...session.authMethods],
  })
  return [
    defineRoute({
      method: 'GET',
      base: 'auth',
      path: '/sessions',
      operationId: 'listSessions',
      summary: 'The sessions of the caller',
      tag: 'Sessions',
      guard: { authentication: 'required', csrf: 'none', fresh: true },
      responses: {
        200: {
          description: 'Newest first',
          schema: z.object({ sessions: z.array(sessionItem) }).meta({ id: 'SessionList' }),
        },
      },
      errors: [],
      async handle({ identity }) {
        const list = await sessions.list(identity)
        return { status: 200, body: { sessions: list.map((session) => item(session, identity.sessionId)) } }
      },
    }),
    defineRoute({
      method: 'DELETE',
      base: 'auth',
      path: '/sessions',
      operationId: 'revokeSessions',
      summary: 'End all sessions of the caller',
      tag: 'Sessions',
      guard: { authentication: 'required', csrf: 'token' },
      // A misspelt name would end them all.
      query: z.strictObject({
        except: z.literal('current').optional().meta({ description: 'Keeps the session that asks.' }),
      }),
      responses: {
        200: { description: 'How many ended', schema: z.object({ revoked: z.int() }).meta({ id: 'RevokedSessions' }) },
      },
      errors: [],
      async handle({ identity, query, client }) {
        const revoked = await sessions.revokeAll(identity, query.except === 'current', client)
        return { status: 200, body: { revoked } }
      },
    }),
    defineRoute({
      method: 'DELETE',
      base: 'auth',
      path: '/sessions/{id}',
      operationId: 'revokeSession',
      summary: 'End one session of the caller',
      tag: 'Sessions',
      guard: { authentication: 'required', csrf: 'token' },
      params: z.object({ id: z.string() }),
      responses: { 204: { description: 'The session is over' } },
      errors: ['not_found'],
      async handle({ identity, params, client }) {
        await sessions.revoke(identity, params.id, client)
        return { status: 204 }
      },
    }),
  ]
}
