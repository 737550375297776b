import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import * as adapter from '../../../src/adapters/node-listener.js'
import { APPLICATION, callerOf, FAILURE, running, type Stack } from '../stack.js'

const { requireAuth, requirePermission, requireRole, getUserId, mustGetUserId } = adapter

type Answer = (request: IncomingMessage) => unknown

const NOTHING: adapter.Guard = async (_request, _response, next) => {
  await next()
}
const ok: Answer = () => ({ ok: true })
const caller: Answer = (request) => callerOf(adapter, request)

const ROUTES: Readonly<Record<string, readonly [adapter.Guard, Answer]>> = {
  'GET /': [NOTHING, () => APPLICATION],
  'GET /docs': [NOTHING, () => APPLICATION],
  'GET /users/42': [NOTHING, () => APPLICATION],
  'GET /open': [adapter.optionalAuth(), (request) => ({ userId: getUserId(request) })],
  'POST /open': [adapter.optionalAuth(), (request) => ({ userId: getUserId(request) })],
  'GET /me': [requireAuth(), caller],
  'HEAD /me': [requireAuth(), caller],
  'POST /me': [requireAuth(), caller],
  'GET /twice': [inTurn(requireAuth(), requireRole('viewer')), caller],
  'GET /nested/me': [requireAuth(), caller],
  'POST /echo': [requireAuth(), (request) => json(request)],
  'POST /with-token': [requireAuth({ csrf: 'token' }), ok],
  'POST /unchecked': [requireAuth({ csrf: 'none' }), ok],
  'POST /danger': [requireAuth({ recentAuthentication: true }), ok],
  'GET /fresh': [requireAuth({ fresh: true }), ok],
  'GET /read': [requirePermission('content:read'), ok],
  'GET /write': [requirePermission('content:read', 'content:write'), ok],
  'GET /admin': [requireRole('viewer', 'admin'), ok],
  'GET /must': [NOTHING, (request) => ({ userId: mustGetUserId(request) })],
  'GET /fails': [requireAuth(), () => Promise.reject(new Error('a bug'))],
}

function inTurn(first: adapter.Guard, second: adapter.Guard): adapter.Guard {
  return (request, response, next) => first(request, response, () => second(request, response, next))
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  const [guard, answer] = ROUTES[`${request.method} ${path}`] ?? [NOTHING, null]
  await guard(request, response, async () => {
    if (answer === null) response.writeHead(404).end()
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(await answer(request)))
  })
}

export const nodeStack: Stack = {
  name: 'node:http',
  start(auth) {
    const bare = (request: IncomingMessage, response: ServerResponse) => {
      handle(request, response).catch(() => response.writeHead(FAILURE.status).end())
    }
    return running(createServer(auth === null ? bare : adapter.sallyport(auth, handle, { except: ['/docs'] })))
  },
}
