import { guardCallOf, type ReadableHeaders } from './next-call.js'
import { type AuthSource, authOf } from './next-shared-auth.js'
import { errorOf } from './refusal-error.js'
import { createRequestContext } from './request-context.js'
import { createGate } from './visit.js'

/** A question about the caller, asked of a request that a guard has let in, or of headers alone. */
export interface Question<T> {
  /** Of a request in a guarded route handler. */
  (request: Request): T
  /**
   * Of `await headers()`, in a server component: nothing had to be asked before. Await it.
   * @throws SallyportError `forbidden` where `X-Tenant-ID` names another tenant than the token's; `unavailable` while the
   *   database is gone
   */
  (headers: ReadableHeaders, options?: { readonly auth?: AuthSource }): Promise<T>
}

const context = createRequestContext<object>((key) => key)

function question<T>(read: (key: object) => T): Question<T> {
  function ask(request: Request): T
  function ask(headers: ReadableHeaders, options?: { readonly auth?: AuthSource }): Promise<T>
  function ask(asked: Request | ReadableHeaders, options: { readonly auth?: AuthSource } = {}): T | Promise<T> {
    return isRequest(asked) ? read(asked) : readOf(asked, options, read)
  }
  return ask
}

async function readOf<T>(
  headers: ReadableHeaders,
  { auth: source }: { readonly auth?: AuthSource },
  read: (key: object) => T,
): Promise<T> {
  const auth = await authOf(source)
  // Noted with an object of its own: of headers, which may be changed, nothing is remembered.
  const key = {}
  const guarded = await createGate('optional', { auth })(key, guardCallOf('GET', headers))
  if ('refusal' in guarded) throw errorOf(guarded.refusal)
  return read(key)
}

/** The headers of Next.js are no `Headers`, and have a member `headers` besides; but only headers are read with `get`. */
function isRequest(asked: Request | ReadableHeaders): asked is Request {
  return !('get' in asked)
}

/** Who is calling, or null. */
export const getIdentity = question(context.getIdentity)
/** The caller's user id, or null. */
export const getUserId = question(context.getUserId)
/** The id of the caller's tenant, or null. */
export const getTenantId = question(context.getTenantId)
/** The caller's session, in both modes, or null. */
export const getSession = question(context.getSession)
/** The claims of the JWT that the request came with; null for an opaque token. */
export const getClaims = question(context.getClaims)
/** True where the request came with a JWT, whatever the mode. */
export const isJwtMode = question(context.isJwtMode)
/** Who is calling. Throws `unauthenticated` where nobody is known. */
export const mustGetIdentity = question(context.mustGetIdentity)
/** The caller's user id. Throws `unauthenticated` where nobody is known. */
export const mustGetUserId = question(context.mustGetUserId)
/** The id of the caller's tenant. Throws `unauthenticated` where nobody is known. */
export const mustGetTenantId = question(context.mustGetTenantId)
/** The caller's session, in both modes. Throws `unauthenticated` where nobody is known. */
export const mustGetSession = question(context.mustGetSession)
/** Throws for an opaque token too: ask `isJwtMode` first. */
export const mustGetClaims = question(context.mustGetClaims)
