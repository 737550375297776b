import type { ClientContext, Credential, Identity } from '../contract/identity.js'
import { isPermitted } from '../contract/permission.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { createClientAddress } from '../runtime/client-address.js'
import { knownUserAgent } from '../runtime/user-agent.js'
import { type Answer, answerOf, finished, merged } from './answer.js'
import { type Caller, identifyCaller } from './authentication.js'
import { discardBody, readJsonBody } from './body.js'
import { createCookieJar } from './cookies.js'
import { addCorsHeaders, addPreflightHeaders, isPreflight } from './cors.js'
import { checkCsrf } from './csrf.js'
import type { Route } from './define-route.js'
import { documentRoutes } from './document-routes.js'
import { createDoors } from './doors.js'
import type { Connection, HttpApp, HttpDependencies } from './http-app-types.js'
import { describeApi } from './openapi.js'
import { createOriginPolicy } from './origins.js'
import { problemAnswer } from './problem.js'
import { listParameters, parseQuery } from './query.js'
import { checkLimit } from './rate-limit.js'
import { requestIdOf } from './request-id.js'
import type { Reply } from './route.js'
import { createRouter } from './router.js'
import { securityHeaders } from './security-headers.js'

/** One request on its way through the chain. */
interface Exchange {
  readonly request: Request
  readonly url: URL
  readonly client: ClientContext
  /** Sent whatever the outcome: limits, CORS. */
  readonly headers: Headers
  /** The path's template, once the router has found it: what logs and metrics may name. */
  template: string | null
}

/**
 * Composes the chain. Refusals come in the order of contract §1: routing, authentication, CSRF, permission, limit,
 * validation, then whatever the handler decides.
 */
export function createHttpApp(dependencies: HttpDependencies): HttpApp {
  const { config, logger, clock } = dependencies
  const jar = createCookieJar(config)
  const openapi: HttpApp['openapi'] = once(() => describeApi(routes, dependencies.doors, config, jar))
  const routes = [...dependencies.routes, ...documentRoutes(openapi)]
  for (const route of routes) checkDeclaration(route)
  const match = createRouter(routes, config)
  const knock = createDoors(dependencies)
  const origins = createOriginPolicy(config)
  const clientAddress = createClientAddress(config.server.trustProxy)
  const common = securityHeaders(config)
  const lists = new Map(routes.map((route) => [route, route.query ? listParameters(route.query) : null]))

  async function walk(exchange: Exchange): Promise<Answer> {
    const { request, url } = exchange
    addCorsHeaders(request, origins, exchange.headers)
    const found = match(request.method, url.pathname)
    if (found.kind === 'not_found') throw new SallyportError('not_found')
    if (found.kind === 'wrong_method') return otherMethod(exchange, found.allow)
    exchange.template = found.template
    return answerOf(await serve(found.route, found.params, exchange), jar)
  }

  function otherMethod({ request, headers }: Exchange, allow: readonly string[]): Answer {
    headers.set('allow', allow.join(', '))
    if (request.method !== 'OPTIONS') throw new SallyportError('method_not_allowed')
    if (isPreflight(request)) addPreflightHeaders(request, origins, allow, headers)
    return { status: 204, headers: new Headers(), body: null }
  }

  async function serve(route: Route, params: Readonly<Record<string, string>>, exchange: Exchange) {
    const { request, url, client } = exchange
    const { guard } = route
    const caller = await identifyCaller(guard, request.headers, client, jar, dependencies.authenticate)
    const host = request.headers.get('host') ?? url.host
    await checkCsrf({ guard: guard.csrf, ...caller, headers: request.headers, host }, origins, dependencies.csrf)
    checkPermissions(guard.permissions ?? [], caller.identity?.permissions ?? [])
    if (guard.limit) await checkLimit(guard.limit, client.ipAddress, dependencies.limits, exchange.headers)
    const reply = await route.run({
      body: await bodyOf(route, request),
      query: parseQueryOf(route, url),
      params,
      ...caller,
      client,
      tenantHeader: request.headers.get('x-tenant-id'),
      headers: request.headers,
    })
    return withConvertedCookie(reply, caller)
  }

  /** A browser with cookies alone never refreshes by itself: its access cookie changes mode on the way. */
  async function withConvertedCookie(reply: Reply, { credential, identity }: Caller): Promise<Reply> {
    if (reply.cookies !== undefined || credential?.source !== 'cookie' || identity === null) return reply
    const converted = await convertedCookie(credential, identity)
    return converted ? { ...reply, cookies: { kind: 'access', ...converted } } : reply
  }

  /** What the request asked for is done: a cookie that cannot be converted now will be at the next one. */
  async function convertedCookie(credential: Credential, identity: Identity) {
    try {
      return await dependencies.convert?.(credential, identity)
    } catch (error) {
      logger.error({ cause: error instanceof Error ? error.message : String(error) }, 'a cookie could not be converted')
      return null
    }
  }

  function parseQueryOf(route: Route, url: URL): unknown {
    const names = lists.get(route)
    return names ? parseQuery(url.search.slice(1), names) : undefined
  }

  async function answer(request: Request, connection: Connection = { remoteAddress: null }): Promise<Answer> {
    const url = new URL(request.url)
    const header = (name: string) => request.headers.get(name) ?? undefined
    const call = { method: request.method, path: url.pathname, query: url.search.slice(1), header, ...connection }
    const door = knock(call)
    if (door) {
      const { status, fields, body } = await door
      return finished(request.method, { status, headers: headersOf(fields), body })
    }
    const requestId = requestIdOf(header('x-request-id'), clock)
    const ipAddress = clientAddress(connection.remoteAddress, header('x-forwarded-for') ?? null)
    const client = { ipAddress, userAgent: knownUserAgent(header('user-agent')), requestId }
    const exchange: Exchange = { request, url, client, headers: new Headers({ ...common }), template: null }
    exchange.headers.set('x-request-id', requestId)
    const started = performance.now()
    const given = await walk(exchange).catch((error: unknown) => refusal(error, requestId))
    const fields = { request_id: requestId, method: request.method, route: exchange.template, status: given.status }
    logger.info({ ...fields, duration_ms: Math.round(performance.now() - started) }, 'request')
    return finished(request.method, { ...given, headers: merged(exchange.headers, given.headers) })
  }

  function refusal(error: unknown, requestId: string): Answer {
    const problem = problemAnswer(error, requestId, logger)
    return { ...problem, headers: new Headers({ ...problem.headers }) }
  }

  return {
    answer,
    fetch: async (request, connection) => {
      const { status, headers, body } = await answer(request, connection)
      return new Response(body, { status, headers })
    },
    knock,
    openapi,
  }
}

function headersOf(fields: readonly string[]): Headers {
  const headers = new Headers()
  for (let at = 0; at < fields.length; at += 2) headers.set(fields[at] ?? '', fields[at + 1] ?? '')
  return headers
}

function once<T extends object>(make: () => T): () => T {
  let made: T | null = null
  return () => {
    made ??= make()
    return made
  }
}

function checkDeclaration({ guard, method, operationId }: Route): void {
  if (guard.csrf === 'none' && method !== 'GET') throw new Error(`${operationId} writes, so it needs a CSRF guard`)
  if (guard.csrf === 'token' && guard.authentication !== 'required') {
    throw new Error(`${operationId} asks for a CSRF token, so it needs authentication`)
  }
}

function checkPermissions(needed: readonly string[], held: readonly string[]): void {
  for (const permission of needed) {
    if (!isPermitted(held, permission)) {
      throw new SallyportError('forbidden', { detail: `The permission \`${permission}\` is needed.` })
    }
  }
}

async function bodyOf(route: Route, request: Request): Promise<unknown> {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined
  if (!route.body) return discardBody(request)
  const body = await readJsonBody(request)
  if (body === undefined && route.bodyOptional) return {}
  if (body === undefined) throw new SallyportError('invalid_request', { detail: 'A JSON body is needed.' })
  return body
}
