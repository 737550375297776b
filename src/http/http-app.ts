import type { ClientContext } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { once } from '../runtime/once.js'
import { type Answer, answerOf, finished } from './answer.js'
import { deviceCookieOf, identifyCaller } from './authentication.js'
import { checkPermissions } from './authorization.js'
import { discardBody, readJsonBody } from './body.js'
import { createClientContext } from './client-context.js'
import { createCookieJar } from './cookies.js'
import { addCorsHeaders, addPreflightHeaders, isPreflight } from './cors.js'
import { checkCsrf } from './csrf.js'
import type { Route } from './define-route.js'
import { documentRoutes } from './document-routes.js'
import { createDoors } from './doors.js'
import { Fields, fieldsOf, headersOf } from './fields.js'
import type { Call, Connection, HttpApp, HttpDependencies } from './http-app-types.js'
import { describeApi } from './openapi.js'
import { createOriginPolicy } from './origins.js'
import { createOwnership } from './ownership.js'
import { problemAnswer } from './problem.js'
import { listParameters, parseQuery } from './query.js'
import { checkLimit } from './rate-limit.js'
import { createRenewal, type Renewed } from './renewal.js'
import { requestIdOf } from './request-id.js'
import { logRequest } from './request-log.js'
import type { Reply } from './route.js'
import { createRouter } from './router.js'
import { securityHeaders } from './security-headers.js'
import { createSharedAddressWatch } from './shared-address-watch.js'

/** One request on its way through the chain. */
interface Exchange {
  readonly call: Call
  readonly client: ClientContext
  /** Sent whatever the outcome: limits, CORS. */
  readonly fields: Fields
  /** The path's template, once the router has found it: what logs and metrics may name. */
  template: string | null
}

/**
 * Composes the chain. Refusals come in the order of contract §1: routing, authentication, CSRF, permission, recent
 * authentication, limit, validation, then whatever the handler decides.
 */
export function createHttpApp(dependencies: HttpDependencies): HttpApp {
  const { config, logger, clock, durations } = dependencies
  const jar = createCookieJar(config)
  const openapi: HttpApp['openapi'] = once(() => describeApi(routes, dependencies.doors, config, jar))
  const routes = [...dependencies.routes, ...documentRoutes(openapi)]
  for (const route of routes) checkDeclaration(route)
  const match = createRouter(routes, config)
  const knock = createDoors(dependencies)
  const origins = createOriginPolicy(config)
  const clientOf = createClientContext(config.server.trustProxy)
  const watchAddresses = createSharedAddressWatch(logger, clock)
  const common = Object.entries(securityHeaders(config)).flat()
  const renew = createRenewal(dependencies)
  const lists = new Map(routes.map((route) => [route, listsOf(route)]))

  async function walk(exchange: Exchange): Promise<Answer> {
    const { call, fields } = exchange
    dependencies.admit?.(call)
    addCorsHeaders(call.header, origins, fields)
    const found = match(call.method, call.path)
    if (found.kind === 'not_found') throw new SallyportError('not_found')
    if (found.kind === 'wrong_method') return otherMethod(exchange, found.allow)
    exchange.template = found.template
    return serve(found.route, found.params, exchange)
  }

  function otherMethod({ call, fields }: Exchange, allow: readonly string[]): Answer {
    fields.set('allow', allow.join(', '))
    if (call.method !== 'OPTIONS') throw new SallyportError('method_not_allowed')
    if (isPreflight(call.method, call.header)) addPreflightHeaders(call.header, origins, allow, fields)
    return { status: 204, fields: [], body: null }
  }

  async function serve(route: Route, params: Readonly<Record<string, string>>, { call, client, fields }: Exchange) {
    const { header, host } = call
    const { guard } = route
    const caller = await identifyCaller(guard, header, client, jar, dependencies.authenticate)
    await checkCsrf({ guard: guard.csrf, ...caller, header, host }, origins, dependencies.csrf)
    checkPermissions(guard.permissions ?? [], caller.identity?.permissions ?? [])
    if (guard.recentAuthentication && caller.identity) await dependencies.assertRecent(caller.identity)
    if (guard.limit) await checkLimit(guard.limit, client.ipAddress, dependencies.limits, fields)
    const reply = await route.run({
      body: await bodyOf(route, call),
      query: parseQueryOf(route, call),
      params,
      ...caller,
      client,
      tenantHeader: header('x-tenant-id') ?? null,
      header,
    })
    const renewed = reply.cookies === undefined ? await renew(caller, { client }) : null
    return answerOf(renewed === null ? reply : withRenewal(reply, renewed), jar)
  }

  function parseQueryOf(route: Route, call: Call): unknown {
    const names = lists.get(route)?.()
    return names ? parseQuery(call.query, names) : undefined
  }

  async function answer(call: Call): Promise<Answer> {
    const { method, header } = call
    const requestId = requestIdOf(header('x-request-id'), clock)
    const deviceCookie = deviceCookieOf(header, jar)
    const client = {
      ...clientOf(header, call.remoteAddress, requestId),
      deviceCookie,
      ...(call.gone && { gone: call.gone }),
    }
    watchAddresses(client.ipAddress, call.remoteAddress, header('x-forwarded-for') ?? null)
    const exchange: Exchange = { call, client, fields: new Fields(), template: null }
    exchange.fields.set('x-request-id', requestId)
    const started = performance.now()
    const { status, fields, body } = await walk(exchange).catch((error: unknown) => refusal(error, requestId))
    durations.of(exchange.template).record(method, status, started)
    logRequest(logger, requestId, method, exchange.template, status, started)
    exchange.fields.take(fields)
    return finished(method, status, exchange.fields.flat(common), body)
  }

  const answerAll = (call: Call) => knock(call) ?? answer(call)

  function refusal(error: unknown, requestId: string): Answer {
    const { status, headers, body } = problemAnswer(error, requestId, logger)
    return { status, fields: fieldsOf(headers), body }
  }

  return {
    answer: answerAll,
    fetch: async (request, connection) => {
      const { status, fields, body } = await answerAll(callOf(request, connection))
      return new Response(body, { status, headers: headersOf(fields) })
    },
    knock,
    owns: createOwnership(routes, dependencies.doors, config),
    openapi,
  }
}

/** A `Request` as the chain sees it. */
export function callOf(
  request: Request,
  { remoteAddress }: Connection = { remoteAddress: null },
  gone: AbortSignal = request.signal,
): Call {
  const url = new URL(request.url)
  return {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    header: (name) => request.headers.get(name) ?? undefined,
    host: request.headers.get('host') ?? url.host,
    remoteAddress,
    body: () => request.body,
    gone,
  }
}

/** Found when the route is first asked for: a start would wait for all of them. */
function listsOf({ query }: Route): (() => ReadonlySet<string>) | null {
  return query ? once(() => listParameters(query)) : null
}

function withRenewal(reply: Reply, { headers, cookies }: Renewed): Reply {
  return { ...reply, ...(headers && { headers: { ...reply.headers, ...headers } }), ...(cookies && { cookies }) }
}

function checkDeclaration({ guard, method, operationId }: Route): void {
  if (guard.csrf === 'none' && method !== 'GET') throw new Error(`${operationId} writes, so it needs a CSRF guard`)
  if (guard.csrf === 'token' && guard.authentication !== 'required') {
    throw new Error(`${operationId} asks for a CSRF token, so it needs authentication`)
  }
  if (guard.recentAuthentication && guard.authentication !== 'required') {
    throw new Error(`${operationId} asks for a recent authentication, so it needs authentication`)
  }
}

async function bodyOf(route: Route, call: Call): Promise<unknown> {
  if (call.method === 'GET' || call.method === 'HEAD') return undefined
  if (!route.body) return discardBody(call)
  const body = await readJsonBody(call)
  if (body === undefined && route.bodyOptional) return {}
  if (body === undefined) throw new SallyportError('invalid_request', { detail: 'A JSON body is needed.' })
  return body
}
