import { IncomingMessage } from 'node:http'
import type { Context, Env, ErrorHandler, MiddlewareHandler, Next } from 'hono'
import type { Auth } from '../auth-types.js'
import type { Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Demand, GuardCall, Guarded } from '../http/host-types.js'
import { callOf } from '../http/http-app.js'
import type { Call } from '../http/http-app-types.js'
import { checkRequestLine, targetOf } from './node-request-line.js'
import { createRequestContext } from './request-context.js'
import { responseOf } from './response.js'
import { createGate, demandAll, type GuardOptions, hostOf, openVisit } from './visit.js'

export type { RequestSession } from './request-context.js'
export type { GuardOptions } from './visit.js'

/** How the surface is mounted. */
export interface MountOptions {
  /** Paths of Sallyport's outside its base paths that the application answers by itself, such as `/docs` or `/metrics`. */
  readonly except?: readonly string[]
  /**
   * The peer's address, where the server is another than `@hono/node-server`, which is asked by itself: for limits, the
   * device list and the audit log, and as what `server.trustProxy` is compared with.
   */
  readonly remoteAddress?: (c: Context<Env>) => string | null | undefined
}

/** What `requireAuth` and its like leave for `c.get('identity')`. */
export interface SignedIn {
  Variables: { identity: Identity }
}

/** What `optionalAuth` leaves there. */
export interface PerhapsSignedIn {
  Variables: { identity: Identity | null }
}

/** What of a `Context` the helpers need. */
export interface HonoContext {
  readonly req: { readonly raw: Request }
}

/** Where a mount was told how to find the peer. */
const peers = new WeakMap<object, NonNullable<MountOptions['remoteAddress']>>()

/**
 * The whole HTTP surface, ahead of the application's own routes: `app.use(sallyport(auth))`. What is not Sallyport's goes on,
 * and the guards further down know whose they are. Its paths are those that the server was asked for, whatever part of them
 * `app.route`, `basePath` or `app.mount` answers for. On a server other than Node's an application that was mounted with
 * `app.mount` is not told of the part that was cut off: there Sallyport stands on the outer one.
 */
export function sallyport(
  auth: Pick<Auth, 'host'>,
  { except = [], remoteAddress }: MountOptions = {},
): MiddlewareHandler<object> {
  const { host } = auth
  const kept = new Set(except)

  async function answer(c: Context, incoming: IncomingMessage | null): Promise<Response> {
    const refused = incoming === null ? null : checkRequestLine(incoming)
    if (refused === null) return responseOf(await host.answer(await surfaceCallOf(c, incoming?.url)))
    const refusal = responseOf(host.refuse(new HonoGuardCall(c), refused))
    // Where the next request starts is not known for certain.
    refusal.headers.set('connection', 'close')
    return refusal
  }

  return (c, next) => {
    openVisit(c, auth)
    if (remoteAddress !== undefined) peers.set(c, remoteAddress)
    const incoming = incomingOf(c)
    const path = pathOf(incoming?.url ?? c.req.raw.url)
    return host.owns(path) && !kept.has(path) ? answer(c, incoming) : next()
  }
}

/** Lets in who is signed in; others get 401. @param options what else is asked, and whose guard it is */
export function requireAuth(options: GuardOptions = {}): MiddlewareHandler<SignedIn> {
  return guard<SignedIn>('require', options, (c, identity) => {
    if (identity === null) throw new SallyportError('unauthenticated')
    c.set('identity', identity)
  })
}

/** Lets in everybody: who is there is known where somebody is. */
export function optionalAuth(
  options: Pick<GuardOptions, 'auth' | 'fresh' | 'csrf'> = {},
): MiddlewareHandler<PerhapsSignedIn> {
  return guard<PerhapsSignedIn>('optional', options, (c, identity) => c.set('identity', identity))
}

/** Lets in who has all of these roles; others get 403. */
export function requireRole(...roles: readonly string[]): MiddlewareHandler<SignedIn> {
  return requireAuth(demandAll('roles', roles))
}

/** Lets in who has all of these permissions; others get 403. */
export function requirePermission(...permissions: readonly string[]): MiddlewareHandler<SignedIn> {
  return requireAuth(demandAll('permissions', permissions))
}

/**
 * Answers a `SallyportError` that a handler has thrown as the problem it is: `app.onError(refusals())`.
 * @param others answers every other error; without one it is thrown on, to the server
 */
export function refusals(others?: ErrorHandler<Env>): ErrorHandler<Env> {
  return (error, c) => {
    const host = hostOf(c)
    if (host !== null && error instanceof SallyportError) return responseOf(host.refuse(new HonoGuardCall(c), error))
    if (others !== undefined) return others(error, c)
    if ('getResponse' in error) return error.getResponse()
    throw error
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
} = createRequestContext<HonoContext>((c) => c)

function guard<E extends Env>(
  mode: Demand['mode'],
  options: GuardOptions,
  note: (c: Context<E>, identity: Identity | null) => void,
): MiddlewareHandler<E> {
  const gate = createGate(mode, options)

  function enter(c: Context<E>, guarded: Guarded, next: Next): ReturnType<MiddlewareHandler> {
    if ('refusal' in guarded) return Promise.resolve(responseOf(guarded.refusal))
    note(c, guarded.identity)
    const { fields } = guarded
    const answered: Promise<void> = next()
    if (fields.length === 0) return answered
    return answered.then(() => {
      addFields(c, fields)
      return undefined
    })
  }

  return (c, next) => {
    const guarded = gate(c, new HonoGuardCall(c))
    return guarded instanceof Promise ? guarded.then((late) => enter(c, late, next)) : enter(c, guarded, next)
  }
}

/** To whatever came of it, an error of a handler included. */
function addFields(c: Context, fields: readonly string[]): void {
  // What became a WebSocket has no answer to add to.
  if (c.res.status === 101) return
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    c.header(name, value, { append: name === 'set-cookie' || name === 'vary' })
  }
}

/** What a guard looks at; what only some ask for is worked out when they do. */
class HonoGuardCall implements GuardCall {
  readonly header: GuardCall['header']
  readonly #c: Context

  constructor(c: Context) {
    // Asked for once: on Node.js they are made when they are.
    const { headers } = c.req.raw
    this.#c = c
    this.header = (name) => headers.get(name) ?? undefined
  }

  get method(): string {
    return this.#c.req.raw.method
  }

  get host(): string {
    return this.header('host') ?? new URL(this.#c.req.raw.url).host
  }

  get remoteAddress(): string | null {
    return remoteAddressOf(this.#c)
  }
}

/** @param target as it was sent, where that is known: of `c.req` something may have been cut off */
async function surfaceCallOf(c: Context, target: string | undefined): Promise<Call> {
  const { raw } = c.req
  const asked = target === undefined ? {} : targetOf(target)
  const call = { ...callOf(raw, { remoteAddress: remoteAddressOf(c) }), ...asked }
  if (!raw.bodyUsed) return call
  // Read ahead of us, with `c.req.json()` for one: Hono keeps the text of what it read.
  const text = await c.req.text().catch(() => null)
  return { ...call, body: () => streamOf(text) }
}

function streamOf(text: string | null): ReadableStream<Uint8Array> {
  if (text !== null) return new Blob([text]).stream()
  throw new SallyportError('internal', {
    detail:
      'The body was read ahead of Sallyport by `c.req.raw`, and not kept. Mount Sallyport ahead of what reads bodies.',
  })
}

function remoteAddressOf(c: Context): string | null {
  const find = peers.get(c)
  if (find !== undefined) return find(c) ?? null
  const address = member(member(nodeRequest(c), 'socket'), 'remoteAddress')
  return typeof address === 'string' ? address : null
}

/** What `@hono/node-server` hands on, of HTTP/1.1 or 2. */
interface NodeBindings {
  readonly incoming?: unknown
  readonly server?: { readonly incoming?: unknown } | null
}

function nodeRequest(c: Context): unknown {
  // Absent where somebody calls `app.fetch` with a request alone.
  const bindings: NodeBindings | undefined = c.env
  return bindings?.server?.incoming ?? bindings?.incoming
}

/** Null on another server, whose `Request` is all there is. */
function incomingOf(c: Context): IncomingMessage | null {
  const incoming = nodeRequest(c)
  return incoming instanceof IncomingMessage ? incoming : null
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** The path as it was sent, of a URL or of its path and query; a `URL` would cost more than the rest of it. */
function pathOf(url: string): string {
  const start = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3)
  if (start === -1) return '/'
  const end = Math.min(endAt(url, '?'), endAt(url, '#'))
  return url.slice(start, end)
}

function endAt(url: string, mark: string): number {
  const at = url.indexOf(mark)
  return at === -1 ? url.length : at
}
