import { Hono } from 'hono'
import { type AccessClaims, createAuth, type Identity } from 'sallyport'
import {
  getClaims,
  getSession,
  mustGetUserId,
  optionalAuth,
  refusals,
  requireAuth,
  requirePermission,
  requireRole,
  sallyport,
} from 'sallyport/hono'

const app = new Hono()
app.use(sallyport(await createAuth({ storage: { url: 'sqlite::memory:' } })))
app.onError(refusals())
app.get('/open', optionalAuth(), (c) => {
  const identity: Identity | null = c.get('identity')
  const claims: AccessClaims | null = getClaims(c)
  return c.json({ name: identity?.username, claims, session: getSession(c)?.id })
})
app.get('/mine', requireAuth(), (c) => c.json({ id: mustGetUserId(c), name: c.get('identity').username }))
app.delete('/mine/:id', requireRole('editor'), requirePermission('articles:delete'), (c) =>
  c.json({ deleted: c.req.param('id'), by: c.var.identity.userId }),
)

export { app }
