import { SallyportError } from '../contract/sallyport-error.js'
import type { Demand, Host } from '../http/host-types.js'
import { callOf } from '../http/http-app.js'
import { guardCallOf } from './next-call.js'
import { type AuthSource, authOf } from './next-shared-auth.js'
import { addFields, responseOf } from './response.js'
import { createGate, demandAll, demandOf, type GuardOptions } from './visit.js'

/** What a guard asks of the caller of a route handler. Of several roles or permissions the caller must have all. */
export interface RouteGuardOptions extends Omit<GuardOptions, 'auth'> {
  /** Whose guard it is. Default: what `sharedAuth` opens. */
  readonly auth?: AuthSource
}

/** Puts a guard around a route handler, whatever it takes beside the request. */
export type RouteGuard = <Seen extends Request, Rest extends readonly unknown[]>(
  handler: (request: Seen, ...rest: Rest) => Response | Promise<Response>,
) => (request: Seen, ...rest: Rest) => Promise<Response>

type RouteMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

/**
 * The route handlers of the whole HTTP surface. The folder of `route.ts` decides which of its paths arrive.
 * @example
 * // app/auth/[...path]/route.ts
 * export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = sallyport(auth)
 */
export function sallyport(auth?: AuthSource): Readonly<Record<RouteMethod, (request: Request) => Promise<Response>>> {
  const handle = async (request: Request) => {
    const { host } = await authOf(auth)
    const { remoteAddress } = guardCallOf(request.method, request.headers)
    return responseOf(await host.answer(callOf(request, { remoteAddress })))
  }
  return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle }
}

/** Lets in who is signed in; others get 401. @param options what else is asked, and of whom */
export function requireAuth(options: RouteGuardOptions = {}): RouteGuard {
  return guardRoute('require', options)
}

/** Lets in everybody: who is there is known where somebody is. */
export function optionalAuth(options: Pick<RouteGuardOptions, 'auth' | 'fresh' | 'csrf'> = {}): RouteGuard {
  return guardRoute('optional', options)
}

/** Lets in who has all of these roles; others get 403. */
export function requireRole(...roles: readonly string[]): RouteGuard {
  return requireAuth(demandAll('roles', roles))
}

/** Lets in who has all of these permissions; others get 403. */
export function requirePermission(...permissions: readonly string[]): RouteGuard {
  return requireAuth(demandAll('permissions', permissions))
}

/**
 * Answers a `SallyportError` that a handler has thrown as the problem it is; everything else is for Next.js. Within the
 * guards that is so without it.
 */
export function refusals({ auth: source }: Pick<RouteGuardOptions, 'auth'> = {}): RouteGuard {
  return (handler) =>
    async (request, ...rest) => {
      const { host } = await authOf(source)
      const call = guardCallOf(request.method, request.headers)
      return answered(
        () => handler(request, ...rest),
        (error) => host.refuse(call, error),
      )
    }
}

function guardRoute(mode: Demand['mode'], { auth: source, ...rights }: RouteGuardOptions): RouteGuard {
  // What is wrong with them shows as the module is loaded, not to whoever comes first.
  demandOf(mode, rights)
  return (handler) =>
    async (request, ...rest) => {
      const auth = await authOf(source)
      const call = guardCallOf(request.method, request.headers)
      const guarded = await createGate(mode, { ...rights, auth })(request, call)
      if ('refusal' in guarded) return responseOf(guarded.refusal)
      const response = await answered(
        () => handler(request, ...rest),
        (error) => auth.host.refuse(call, error),
      )
      return addFields(response, guarded.fields)
    }
}

/** What a handler throws of ours is a refusal; the rest is for Next.js, such as its `redirect`. */
async function answered(
  handle: () => Response | Promise<Response>,
  refuse: (error: SallyportError) => ReturnType<Host['refuse']>,
): Promise<Response> {
  try {
    return await handle()
  } catch (error) {
    if (error instanceof SallyportError) return responseOf(refuse(error))
    throw error
  }
}
