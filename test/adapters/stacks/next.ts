import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import * as adapter from '../../../src/adapters/next.js'
import type { Auth } from '../../../src/index.js'
import { APPLICATION, callerOf, FAILURE, running, type Stack } from '../stack.js'

const { getUserId, mustGetUserId, optionalAuth, refusals, requireAuth, requirePermission, requireRole } = adapter

type Handler = (request: Request) => Response | Promise<Response>
type Routes = Readonly<Record<string, Handler>>

const application: Handler = () => Response.json(APPLICATION)
const caller: Handler = (request) => Response.json(callerOf<Request>(adapter, request))
const open: Handler = (request) => Response.json({ userId: getUserId(request) })
const ok: Handler = () => Response.json({ ok: true })

/** The folders of `app` that mount the surface. */
const MOUNTED = /^\/(?:auth|api\/auth|health|session|\.well-known|openapi\.json)(?:\/|$)/

function routesOf(auth: adapter.AuthSource): Routes {
  const { GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH } = adapter.sallyport(auth)
  const mounted: Routes = { GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH }
  return {
    ...Object.fromEntries(Object.entries(mounted).map(([method, handle]) => [`${method} mounted`, handle])),
    'GET /': application,
    'GET /docs': application,
    'GET /users/42': application,
    'GET /open': optionalAuth()(open),
    'POST /open': optionalAuth()(open),
    'GET /me': requireAuth({ auth })(caller),
    'HEAD /me': requireAuth()(caller),
    'POST /me': requireAuth()(caller),
    'GET /twice': requireAuth()(requireRole('viewer')(caller)),
    'GET /nested/me': requireAuth()(caller),
    'POST /echo': requireAuth()(async (request) => Response.json(Object(await request.json()))),
    'POST /with-token': requireAuth({ csrf: 'token' })(ok),
    'POST /unchecked': requireAuth({ csrf: 'none' })(ok),
    'POST /danger': requireAuth({ recentAuthentication: true })(ok),
    'GET /fresh': requireAuth({ fresh: true })(ok),
    'GET /read': requirePermission('content:read')(ok),
    'GET /write': requirePermission('content:read', 'content:write')(ok),
    'GET /admin': requireRole('viewer', 'admin')(ok),
    'GET /must': refusals()((request) => Response.json({ userId: mustGetUserId(request) })),
    'GET /fails': requireAuth()(() => Promise.reject(new Error('a bug'))),
  }
}

/** Next.js itself is tried in `examples/next-app`: here the handlers are found by folder and method, as it does. */
export const nextStack: Stack = {
  name: 'Next.js',
  resolvesDots: true,
  start(auth) {
    const routes = routesOf(auth === null ? nobody : share(auth))
    const listener = getRequestListener(
      (request, { incoming }) => {
        const [path = ''] = (incoming.url ?? '').split('?')
        const handle = routes[`${request.method} ${MOUNTED.test(path) ? 'mounted' : path}`]
        return handle === undefined ? new Response(null, { status: 404 }) : handle(request)
      },
      { overrideGlobalObjects: false, errorHandler: () => Response.json(FAILURE.body, { status: FAILURE.status }) },
    )
    return running(createServer(listener))
  },
}

/** As the next process would. */
function share(auth: Auth): adapter.AuthSource {
  Reflect.deleteProperty(globalThis, Symbol.for('sallyport.next.auth'))
  return adapter.sharedAuth(async () => auth)
}

function nobody(): Promise<Auth> {
  throw new Error('There is no Auth')
}
