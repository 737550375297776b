import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../auth-types.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Guarded } from '../http/host-types.js'
import { addFields, writeAnswer } from './raw-answer.js'
import { RawGuardCall } from './raw-call.js'
import { createRawMount, type MountOptions } from './raw-mount.js'
import { createRequestContext } from './request-context.js'
import { createGate, demandAll, type Gate, type GuardOptions, hostOf } from './visit.js'

export type { MountOptions } from './raw-mount.js'
export type { RequestSession } from './request-context.js'
export type { GuardOptions } from './visit.js'

/** A request of Express; `originalUrl` has what routers cut off `url`. */
export type ExpressRequest = IncomingMessage & { readonly originalUrl?: string }

/** What Express takes with `use`, and beside a route. */
export type Middleware = (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void

/** An error handler of Express, behind all routes. */
export type ErrorMiddleware = (
  error: unknown,
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * The whole HTTP surface of Sallyport, for `app.use`, ahead of whatever is guarded.
 * @example
 * app.use(sallyport(auth))
 * app.get('/me', requireAuth(), (request, response) => response.json({ id: mustGetUserId(request) }))
 */
export function sallyport(auth: Pick<Auth, 'host'>, options: MountOptions = {}): Middleware {
  const mount = createRawMount(auth, options)
  return (request, response, next) => {
    const answered = mount(request, response, request.originalUrl ?? request.url ?? '')
    if (answered === null) next()
    else answered.catch(next)
  }
}

/** Lets in who has signed in: 401 for everybody else, 403 for who lacks a role or permission, or comes from another site. */
export function requireAuth(options: GuardOptions = {}): Middleware {
  return guard(createGate('require', options))
}

/** Lets in everybody, and notes who it is where that is known. */
export function optionalAuth(options: Pick<GuardOptions, 'auth' | 'fresh' | 'csrf'> = {}): Middleware {
  return guard(createGate('optional', options))
}

/** Lets in who has all of these roles. */
export function requireRole(...roles: readonly string[]): Middleware {
  return requireAuth(demandAll('roles', roles))
}

/** Lets in who has all of these permissions, such as `articles:write`. */
export function requirePermission(...permissions: readonly string[]): Middleware {
  return requireAuth(demandAll('permissions', permissions))
}

/** Answers a `SallyportError` that a handler has thrown as the problem it is, behind all routes; hands on everything else. */
export function refusals(): ErrorMiddleware {
  return (error, request, response, next) => {
    const host = hostOf(request)
    if (host === null || response.headersSent || !(error instanceof SallyportError)) next(error)
    else writeAnswer(response, host.refuse(new RawGuardCall(request), error))
  }
}

export const {
  getIdentity,
  getUserId,
  getTenantId,
  getSession,
  getClaims,
  isJwtMode,
  mustGetIdentity,
  mustGetUserId,
  mustGetTenantId,
  mustGetSession,
  mustGetClaims,
} = createRequestContext<IncomingMessage>((request) => request)

function guard(gate: Gate): Middleware {
  return (request, response, next) => {
    const guarded = gate(request, new RawGuardCall(request))
    // Whom memory knows waits for nothing.
    if (guarded instanceof Promise) guarded.then((late) => goOn(late, response, next)).catch(next)
    else goOn(guarded, response, next)
  }
}

function goOn(guarded: Guarded, response: ServerResponse, next: () => void): void {
  if ('refusal' in guarded) {
    writeAnswer(response, guarded.refusal)
    return
  }
  addFields(response, guarded.fields)
  next()
}
