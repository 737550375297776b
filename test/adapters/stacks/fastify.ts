import Fastify from 'fastify'
import * as adapter from '../../../src/adapters/fastify.js'
import { APPLICATION, callerOf, FAILURE, type Stack } from '../stack.js'

const { requireAuth, requirePermission, requireRole, getUserId, mustGetUserId } = adapter

export const fastifyStack: Stack = {
  name: 'Fastify',
  async start(auth) {
    const app = Fastify({ forceCloseConnections: true })
    if (auth !== null) await app.register(adapter.sallyport(auth, { except: ['/docs'] }))
    for (const path of ['/', '/docs', '/users/42']) app.get(path, async () => APPLICATION)
    app.all('/open', { onRequest: adapter.optionalAuth() }, async (request) => ({ userId: getUserId(request) }))
    app.all('/me', { onRequest: requireAuth() }, async (request) => callerOf(adapter, request))
    app.get('/twice', { onRequest: requireAuth(), preHandler: requireRole('viewer') }, async (request) =>
      callerOf(adapter, request),
    )
    await app.register(
      async (nested) => {
        nested.addHook('onRequest', requireAuth())
        nested.get('/me', async (request) => callerOf(adapter, request))
      },
      { prefix: '/nested' },
    )
    app.post('/echo', { onRequest: requireAuth() }, async (request) => request.body)
    const ok = async () => ({ ok: true })
    app.post('/with-token', { onRequest: requireAuth({ csrf: 'token' }) }, ok)
    app.post('/unchecked', { onRequest: requireAuth({ csrf: 'none' }) }, ok)
    app.post('/danger', { onRequest: requireAuth({ recentAuthentication: true }) }, ok)
    app.get('/fresh', { onRequest: requireAuth({ fresh: true }) }, ok)
    app.get('/read', { onRequest: requirePermission('content:read') }, ok)
    app.get('/write', { onRequest: requirePermission('content:read', 'content:write') }, ok)
    app.get('/admin', { onRequest: requireRole('viewer', 'admin') }, ok)
    app.get('/must', { errorHandler: adapter.refusals() }, async (request) => ({ userId: mustGetUserId(request) }))
    app.get('/fails', { onRequest: requireAuth() }, async () => {
      throw new Error('a bug')
    })
    app.setErrorHandler((_error, _request, reply) => reply.code(FAILURE.status).send(FAILURE.body))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: Number(new URL(url).port), close: () => app.close() }
  },
}
