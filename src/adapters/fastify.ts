import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../auth-types.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Answer } from '../http/answer.js'
import type { Guarded } from '../http/host-types.js'
import { keepFromCaches, OF_THE_BODY } from './raw-answer.js'
import { RawGuardCall } from './raw-call.js'
import { answerFailure, createRawMount, type MountOptions } from './raw-mount.js'
import { createRequestContext } from './request-context.js'
import { createGate, demandAll, type Gate, type GuardOptions, hostOf } from './visit.js'

export type { MountOptions } from './raw-mount.js'
export type { RequestSession } from './request-context.js'
export type { GuardOptions } from './visit.js'

/** What of a request of Fastify is used. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage
}

/** What of a reply of Fastify is used. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse
  hijack(): unknown
  code(status: number): unknown
  header(name: string, value: string): unknown
  removeHeader(name: string): unknown
  getHeader(name: string): number | string | string[] | undefined
  send(payload: Buffer | undefined): unknown
}

/** A hook of Fastify, for `onRequest`, `preValidation` or `preHandler`. */
export type Hook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: (error?: Error) => void) => void

/** What of an instance of Fastify is used. */
export interface FastifyLike {
  addHook(name: 'onRequest', hook: Hook): unknown
}

/** A plugin of Fastify. */
export type Plugin = (instance: FastifyLike, options: object, done: (error?: Error) => void) => void

/**
 * The whole HTTP surface of Sallyport as a plugin, to be registered ahead of what is guarded. It is not encapsulated: its
 * paths are those of the configuration, whatever prefix it is registered with.
 * @example
 * await app.register(sallyport(auth))
 * app.get('/me', { onRequest: requireAuth() }, async (request) => ({ id: mustGetUserId(request) }))
 */
export function sallyport(auth: Pick<Auth, 'host'>, options: MountOptions = {}): Plugin {
  const mount = createRawMount(auth, options)
  const plugin: Plugin = (instance, _options, done) => {
    // Ahead of the parsers: the body is still to be read, by rules of our own.
    instance.addHook('onRequest', (request, reply, next) => {
      const answered = mount(request.raw, reply.raw, request.raw.url ?? '')
      if (answered === null) return next()
      reply.hijack()
      answered.catch((error: unknown) => answerFailure(auth.host, request.raw, reply.raw, error))
    })
    done()
  }
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'sallyport',
  })
}

/** Lets in who has signed in: 401 for everybody else, 403 for who lacks a role or permission, or comes from another site. */
export function requireAuth(options: GuardOptions = {}): Hook {
  return guard(createGate('require', options))
}

/** Lets in everybody, and notes who it is where that is known. */
export function optionalAuth(options: Pick<GuardOptions, 'auth' | 'fresh' | 'csrf'> = {}): Hook {
  return guard(createGate('optional', options))
}

/** Lets in who has all of these roles. */
export function requireRole(...roles: readonly string[]): Hook {
  return requireAuth(demandAll('roles', roles))
}

/** Lets in who has all of these permissions, such as `articles:write`. */
export function requirePermission(...permissions: readonly string[]): Hook {
  return requireAuth(demandAll('permissions', permissions))
}

/** An error handler: answers a `SallyportError` that a handler has thrown as the problem it is, and hands on everything else. */
export function refusals(): (error: unknown, request: FastifyRequestLike, reply: FastifyReplyLike) => void {
  return (error, request, reply) => {
    const host = hostOf(request.raw)
    if (host === null || !(error instanceof SallyportError)) throw error
    send(reply, host.refuse(new RawGuardCall(request.raw), error))
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
} = createRequestContext<FastifyRequestLike>((request) => request.raw)

function guard(gate: Gate): Hook {
  return (request, reply, done) => {
    const guarded = gate(request.raw, new RawGuardCall(request.raw))
    // Whom memory knows waits for nothing.
    if (guarded instanceof Promise) guarded.then((late) => goOn(late, reply, done)).catch(done)
    else goOn(guarded, reply, done)
  }
}

function goOn(guarded: Guarded, reply: FastifyReplyLike, done: () => void): void {
  if ('refusal' in guarded) {
    send(reply, guarded.refusal)
    return
  }
  addFields(reply, guarded.fields)
  if (guarded.fields.includes('cache-control')) keepFromCaches(reply.raw)
  done()
}

/** By way of Fastify, so that what its hooks add (CORS, logs) is there as with any answer. */
function send(reply: FastifyReplyLike, { status, fields, body }: Answer): void {
  reply.code(status)
  for (const name of OF_THE_BODY) reply.removeHeader(name)
  addFields(reply, fields)
  // As bytes: to text of a JSON type Fastify adds a charset, which such types do not have (RFC 8259 §11).
  reply.send(body === null ? undefined : Buffer.from(body))
}

function addFields(reply: FastifyReplyLike, fields: readonly string[]): void {
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    reply.header(name, name === 'vary' ? merged(reply.getHeader(name), value) : value)
  }
}

function merged(present: number | string | string[] | undefined, value: string): string {
  return present === undefined ? value : [present, value].flat().join(', ')
}
