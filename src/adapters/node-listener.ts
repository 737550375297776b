import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../auth-types.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { addFields, writeAnswer } from './raw-answer.js'
import { RawGuardCall } from './raw-call.js'
import { createRawMount, type MountOptions } from './raw-mount.js'
import { createRequestContext } from './request-context.js'
import { createGate, demandAll, type Gate, type GuardOptions } from './visit.js'

export type { MountOptions } from './raw-mount.js'
export type { RequestSession } from './request-context.js'
export type { GuardOptions } from './visit.js'

/** A handler of one's own; what it throws, or rejects with, is answered as a problem. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** A listener for `createServer`; with a third argument it is a middleware of Connect and the like. */
export type Listener = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => unknown,
) => Promise<void>

/** Calls `next` for who is let in, and answers everybody else. Resolves once `next` has. */
export type Guard = (request: IncomingMessage, response: ServerResponse, next: () => unknown) => Promise<void>

/**
 * The whole HTTP surface of Sallyport as a listener of `node:http`.
 * @param handler answers what is not Sallyport's; default: `next` where there is one, else 404
 * @example
 * const signedIn = requireAuth()
 * createServer(sallyport(auth, (request, response) =>
 *   signedIn(request, response, () => response.end(`You are ${mustGetUserId(request)}`)),
 * ))
 */
export function sallyport(auth: Pick<Auth, 'host'>, handler?: Handler, options: MountOptions = {}): Listener {
  const mount = createRawMount(auth, options)
  const { host } = auth

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (handler === undefined) throw new SallyportError('not_found')
      await handler(request, response)
    } catch (error) {
      if (response.headersSent) response.destroy()
      else writeAnswer(response, host.refuse(new RawGuardCall(request), error))
    }
  }

  return async (request, response, next) => {
    const answered = mount(request, response, urlOf(request))
    if (answered !== null) await answered
    else if (handler === undefined && next !== undefined) next()
    else await handle(request, response)
  }
}

/** Lets in who has signed in: 401 for everybody else, 403 for who lacks a role or permission, or comes from another site. */
export function requireAuth(options: GuardOptions = {}): Guard {
  return guard(createGate('require', options))
}

/** Lets in everybody, and notes who it is where that is known. */
export function optionalAuth(options: Pick<GuardOptions, 'auth' | 'fresh' | 'csrf'> = {}): Guard {
  return guard(createGate('optional', options))
}

/** Lets in who has all of these roles. */
export function requireRole(...roles: readonly string[]): Guard {
  return requireAuth(demandAll('roles', roles))
}

/** Lets in who has all of these permissions, such as `articles:write`. */
export function requirePermission(...permissions: readonly string[]): Guard {
  return requireAuth(demandAll('permissions', permissions))
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

function guard(gate: Gate): Guard {
  return async (request, response, next) => {
    const guarded = await gate(request, new RawGuardCall(request))
    if ('refusal' in guarded) return writeAnswer(response, guarded.refusal)
    addFields(response, guarded.fields)
    await next()
  }
}

/** Connect cuts off what it has matched. */
function urlOf(request: IncomingMessage): string {
  const original = 'originalUrl' in request ? request.originalUrl : undefined
  return typeof original === 'string' ? original : (request.url ?? '')
}
