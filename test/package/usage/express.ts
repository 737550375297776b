import express from 'express'
import { type AccessClaims, createAuth, type Identity } from 'sallyport'
import {
  getClaims,
  getIdentity,
  getSession,
  getTenantId,
  getUserId,
  isJwtMode,
  mustGetClaims,
  mustGetIdentity,
  mustGetSession,
  mustGetTenantId,
  mustGetUserId,
  optionalAuth,
  type RequestSession,
  refusals,
  requireAuth,
  requirePermission,
  requireRole,
  sallyport,
} from 'sallyport/express'

const app = express()
app.use(sallyport(await createAuth({ storage: { url: 'sqlite::memory:' } })))
app.get('/open', optionalAuth(), (request, response) => {
  const identity: Identity | null = getIdentity(request)
  const session: RequestSession | null = getSession(request)
  const claims: AccessClaims | null = getClaims(request)
  const ids: (string | null)[] = [getUserId(request), getTenantId(request)]
  response.json({ identity, session, claims, ids })
})
app.get('/mine', requireAuth({ fresh: true }), (request, response) => {
  const identity: Identity = mustGetIdentity(request)
  const ids: string[] = [mustGetUserId(request), mustGetTenantId(request), mustGetSession(request).id, identity.userId]
  response.json(isJwtMode(request) ? mustGetClaims(request) : ids)
})
app.delete('/mine/:id', requireRole('editor', 'admin'), requirePermission('articles:delete'), (request, response) => {
  response.json({ deleted: request.params['id'], by: mustGetUserId(request) })
})
app.use(refusals())

export { app }
