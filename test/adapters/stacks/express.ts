import { createServer } from 'node:http'
import express from 'express'
import * as adapter from '../../../src/adapters/express.js'
import { APPLICATION, callerOf, FAILURE, running, type Stack } from '../stack.js'

const { requireAuth, requirePermission, requireRole, getUserId, mustGetUserId } = adapter

export const expressStack: Stack = {
  name: 'Express',
  start(auth) {
    const app = express()
    if (auth !== null) app.use(adapter.sallyport(auth, { except: ['/docs'] }))
    app.get(['/', '/docs', '/users/42'], (_request, response) => void response.json(APPLICATION))
    app.all('/open', adapter.optionalAuth(), (request, response) => void response.json({ userId: getUserId(request) }))
    app.all('/me', requireAuth(), (request, response) => void response.json(callerOf(adapter, request)))
    const caller: express.RequestHandler = (request, response) => void response.json(callerOf(adapter, request))
    app.get('/twice', requireAuth(), requireRole('viewer'), caller)
    const nested = express.Router()
    nested.get('/me', requireAuth(), caller)
    app.use('/nested', nested)
    app.post('/echo', requireAuth(), express.json(), (request, response) => void response.json(request.body))
    const ok: express.RequestHandler = (_request, response) => void response.json({ ok: true })
    app.post('/with-token', requireAuth({ csrf: 'token' }), ok)
    app.post('/unchecked', requireAuth({ csrf: 'none' }), ok)
    app.post('/danger', requireAuth({ recentAuthentication: true }), ok)
    app.get('/fresh', requireAuth({ fresh: true }), ok)
    app.get('/read', requirePermission('content:read'), ok)
    app.get('/write', requirePermission('content:read', 'content:write'), ok)
    app.get('/admin', requireRole('viewer', 'admin'), ok)
    app.get('/must', (request, response) => void response.json({ userId: mustGetUserId(request) }))
    app.get('/fails', requireAuth(), () => {
      throw new Error('a bug')
    })
    app.use(adapter.refusals())
    const failure: express.ErrorRequestHandler = (_error, _request, response, _next) => {
      response.status(FAILURE.status).json(FAILURE.body)
    }
    app.use(failure)
    return running(createServer(app))
  },
}
