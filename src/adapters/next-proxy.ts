import type { Demand } from '../http/host-types.js'
import { guardCallOf } from './next-call.js'
import { signInPath } from './next-return-path.js'
import { type AuthSource, authOf } from './next-shared-auth.js'
import { addFields, responseOf } from './response.js'
import { demandOf } from './visit.js'

/** Whom `guardPages` lets by, and where it sends the others. */
export interface PageOptions extends Pick<Demand, 'roles' | 'permissions' | 'fresh'> {
  /** Path of the page that strangers are sent to, with the page they wanted in `return_to`. Without one they get the 401. */
  readonly signIn?: string
  /** Default: what `sharedAuth` opens. */
  readonly auth?: AuthSource
}

/** What of `NextResponse` is used. */
export interface NextResponses {
  next(): Response
}

/** What Next.js says of a page for one caller. A prerendered one it lets any cache keep for a year, unless told otherwise. */
const FOR_ONE: readonly string[] = ['cache-control', 'private, no-cache, no-store, max-age=0, must-revalidate']

/**
 * A `proxy.ts` that lets nobody by without a session, and sends the token that takes the place of one about to expire.
 * Only a first door: whatever a page or an action shows or changes is to ask again, beside the data.
 * @param responses `NextResponse` of `next/server`
 * @example
 * export const proxy = guardPages(NextResponse, { signIn: '/sign-in' })
 * export const config = { matcher: ['/dashboard/:path*'] }
 */
export function guardPages(
  responses: NextResponses,
  { signIn, auth, ...rights }: PageOptions = {},
): (request: Request) => Promise<Response> {
  const demand = demandOf('require', rights)
  return async (request) => {
    const { host } = await authOf(auth)
    const call = guardCallOf(request.method, request.headers)
    // What is sent to a page is a server action, which Next.js holds to the origin and which asks for itself.
    const guarded = await host.guard(call, demand)
    if (!('refusal' in guarded)) return addFields(responses.next(), [...FOR_ONE, ...guarded.fields])
    const isStranger = guarded.refusal.status === 401
    if (!isStranger || signIn === undefined || !isNavigation(request)) return responseOf(guarded.refusal)
    const { pathname, search, href } = new URL(request.url)
    return redirect(new URL(signInPath(signIn, `${pathname}${search}`), href))
  }
}

/** A page somebody wants to see, by address or by link; not what a program or a script of the page asks for. */
function isNavigation({ method, headers }: Request): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  return headers.has('rsc') || (headers.get('accept') ?? '').includes('text/html')
}

/** Nobody may keep it: it depends on who asks. */
function redirect(to: URL): Response {
  return new Response(null, {
    status: 307,
    headers: { location: to.href, 'cache-control': 'no-store', vary: 'Cookie' },
  })
}
