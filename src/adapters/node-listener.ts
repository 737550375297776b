import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../auth-types.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Guarded } from '../http/host-types.js'
import { addFields, writeAnswer } from './raw-answer.js'
import { RawGuardCall } from './raw-call.js'
import { answerFailure, createRawMount, type MountOptions } from './raw-mount.js'
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
) => Promise<void> | undefined

/** Calls `next` for who is let in, and answers everybody else. @returns what `next` does; a promise where that is late */
export type Guard = (request: IncomingMessage, response: ServerResponse, next: () => unknown) => unknown

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

  function handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    try {
      if (handler === undefined) throw new SallyportError('not_found')
      const done = handler(request, response)
      if (!(done instanceof Promise)) return undefined
      return done.then(
        () => undefined,
        (error: unknown) => answerFailure(host, request, response, error),
      )
    } catch (error) {
      answerFailure(host, request, response, error)
      return undefined
    }
  }

  return (request, response, next) => {
    const answered = mount(request, response, urlOf(request))
    if (answered !== null) return answered.catch((error: unknown) => answerFailure(host, request, response, error))
    if (handler !== undefined || next === undefined) return handle(request, response)
    next()
    return undefined
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
  return (request, response, next) => {
    const guarded = gate(request, new RawGuardCall(request))
    // Whom memory knows waits for nothing.
    if (guarded instanceof Promise) return guarded.then((late) => goOn(late, response, next))
    return goOn(guarded, response, next)
  }
}

function goOn(guarded: Guarded, response: ServerResponse, next: () => unknown): unknown {
  if ('refusal' in guarded) {
    writeAnswer(response, guarded.refusal)
    return undefined
  }
  addFields(response, guarded.fields)
  return next()
}

/** Connect cuts off what it has matched. */
function urlOf(request: IncomingMessage): string {
  const original = 'originalUrl' in request ? request.originalUrl : undefined
  return typeof original === 'string' ? original : (request.url ?? '')
}
