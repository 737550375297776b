import { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import * as adapter from '../../../src/adapters/hono.js'
import { APPLICATION, callerOf, FAILURE, running, type Stack } from '../stack.js'

const { requireAuth, requirePermission, requireRole, getUserId, mustGetUserId } = adapter

const caller = (c: Context) => c.json(callerOf(adapter, c))
const ok = (c: Context) => c.json({ ok: true })

export const honoStack: Stack = {
  name: 'Hono',
  start(auth) {
    const app = new Hono()
    if (auth !== null) app.use(adapter.sallyport(auth, { except: ['/docs'] }))
    for (const path of ['/', '/docs', '/users/42']) app.get(path, (c) => c.json(APPLICATION))
    app.all('/open', adapter.optionalAuth(), (c) => c.json({ userId: getUserId(c) }))
    app.all('/me', requireAuth(), caller)
    app.get('/twice', requireAuth(), requireRole('viewer'), caller)
    app.route('/nested', new Hono().use(requireAuth()).get('/me', caller))
    app.post('/echo', requireAuth(), async (c) => c.json(Object(await c.req.json())))
    app.post('/with-token', requireAuth({ csrf: 'token' }), ok)
    app.post('/unchecked', requireAuth({ csrf: 'none' }), ok)
    app.post('/danger', requireAuth({ recentAuthentication: true }), ok)
    app.get('/fresh', requireAuth({ fresh: true }), ok)
    app.get('/read', requirePermission('content:read'), ok)
    app.get('/write', requirePermission('content:read', 'content:write'), ok)
    app.get('/admin', requireRole('viewer', 'admin'), ok)
    app.get('/must', (c) => c.json({ userId: mustGetUserId(c) }))
    app.get('/fails', requireAuth(), () => {
      throw new Error('a bug')
    })
    app.onError(adapter.refusals((_error, c) => c.json(FAILURE.body, { status: 500 })))
    const server = createAdaptorServer({ fetch: app.fetch })
    if (!(server instanceof Server)) throw new Error('This is no server of node:http')
    return running(server)
  },
}
