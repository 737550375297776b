import Fastify from 'fastify'
import { type AccessClaims, createAuth, type Identity } from 'sallyport'
import {
  getClaims,
  getIdentity,
  getUserId,
  isJwtMode,
  mustGetIdentity,
  mustGetSession,
  mustGetUserId,
  optionalAuth,
  refusals,
  requireAuth,
  requirePermission,
  requireRole,
  sallyport,
} from 'sallyport/fastify'

const app = Fastify()
await app.register(sallyport(await createAuth({ storage: { url: 'sqlite::memory:' } })))
app.setErrorHandler(refusals())
app.get('/open', { onRequest: optionalAuth() }, async (request) => {
  const identity: Identity | null = getIdentity(request)
  const claims: AccessClaims | null = getClaims(request)
  return { identity, claims, id: getUserId(request) }
})
app.get('/mine', { onRequest: requireAuth() }, async (request) => {
  const identity: Identity = mustGetIdentity(request)
  const ends: number = mustGetSession(request).expiresAt
  return { name: identity.username, ends, isJwt: isJwtMode(request) }
})
app.delete<{ Params: { id: string } }>(
  '/mine/:id',
  { onRequest: [requireRole('editor'), requirePermission('articles:delete')] },
  async (request) => ({ deleted: request.params.id, by: mustGetUserId(request) }),
)

export { app }
