import { z } from 'zod'
import type { Identity } from '../../src/contract/identity.js'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { defineRoute, type Route } from '../../src/http/define-route.js'
import type { Door, Shortcut } from '../../src/http/door.js'
import { createHttpApp } from '../../src/http/http-app.js'
import type { HttpApp, HttpConfig } from '../../src/http/http-app-types.js'
import { RequestDurations } from '../../src/http/request-durations.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { validated } from '../openapi/validate-answer.js'

export const identity: Identity = {
  userId: '019b0000-0000-7000-8000-000000000001',
  tenantId: '019b0000-0000-7000-8000-000000000002',
  sessionId: '019b0000-0000-7000-8000-000000000003',
  email: 'ada@example.com',
  emailVerified: true,
  username: 'ada',
  roles: ['viewer'],
  permissions: ['things:*'],
  isGuest: false,
  createdAt: 0,
  authMethods: ['password'],
  authTime: 0,
  expiresAt: 1,
  tokenFormat: 'opaque',
}

const LONG_AGO = -1

export interface SampleOptions {
  readonly server?: Partial<HttpConfig['server']>
  readonly routes?: readonly Route[]
  readonly doors?: readonly Door[]
  readonly shortcuts?: readonly Shortcut[]
}

export interface SendOptions {
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  readonly remoteAddress?: string
  readonly origin?: string
}

export interface SampleApp {
  readonly app: HttpApp
  readonly log: Record<string, unknown>[]
  readonly limit: { remaining: number; readonly buckets: string[]; enabled: boolean }
  /** Sends to `http://127.0.0.1:3000`, as a client that is no browser unless headers say so. */
  send(method: string, path: string, options?: SendOptions): Promise<Response>
}

/** An application over the routes below, whose tokens are words: `good`, `stale`, `poor`, `expired`. */
export function createSampleApp(options: SampleOptions = {}): SampleApp {
  const log: Record<string, unknown>[] = []
  const limit: SampleApp['limit'] = { remaining: 10, buckets: [], enabled: true }
  const app = createHttpApp({
    routes: options.routes ?? sampleRoutes,
    doors: options.doors ?? [],
    shortcuts: options.shortcuts ?? [],
    config: {
      server: {
        publicUrl: null,
        basePaths: ['/auth', '/api/auth'],
        trustProxy: [],
        cors: { origins: [] },
        ...options.server,
      },
    },
    logger: { info: (fields) => log.push(fields), error: (fields) => log.push(fields) },
    clock: new ManualClock(),
    durations: new RequestDurations(),
    authenticate: async ({ token }) => {
      if (token === 'good') return identity
      if (token === 'stale') return { ...identity, authTime: LONG_AGO }
      if (token === 'poor') return { ...identity, permissions: [] }
      throw new SallyportError(token === 'expired' ? 'token_expired' : 'invalid_token')
    },
    assertRecent: async ({ authTime }) => {
      if (authTime === LONG_AGO) throw new SallyportError('reauthentication_required', { maxAge: 600 })
    },
    csrf: {
      verify: async (who, token) => token === (who.permissions.length > 0 ? 'csrf-good' : 'csrf-poor'),
    },
    limits: {
      consume: (_name, bucket) => {
        if (!limit.enabled) return null
        limit.buckets.push(bucket)
        const allowed = limit.remaining > 0
        if (allowed) limit.remaining -= 1
        return { allowed, limit: 10, remaining: limit.remaining, resetSeconds: 29.2, windowSeconds: 60 }
      },
    },
  })
  // Every answer that a test asks for is also judged by the document.
  const fetch = validated(app.openapi(), app.fetch)
  return {
    app,
    log,
    limit,
    send: (method, path, { headers = {}, json, body, remoteAddress, origin = 'http://127.0.0.1:3000' } = {}) => {
      const content = json === undefined ? body : JSON.stringify(json)
      const request = new Request(origin + path, {
        method,
        headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(content !== undefined && { body: content, duplex: 'half' }),
      })
      return fetch(request, { remoteAddress: remoteAddress ?? null })
    },
  }
}

const okay = { 200: { description: 'Fine', schema: z.object({ ok: z.boolean() }) } } as const
const ok = async () => ({ status: 200, body: { ok: true } })

export const sampleRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    base: 'auth',
    path: '/open',
    operationId: 'open',
    summary: 'Open to all',
    tag: 'sample',
    guard: { authentication: 'none', csrf: 'none' },
    responses: okay,
    errors: [],
    handle: ok,
  }),
  defineRoute({
    method: 'GET',
    base: 'auth',
    path: '/broken',
    operationId: 'broken',
    summary: 'Throws',
    tag: 'sample',
    guard: { authentication: 'none', csrf: 'none' },
    responses: okay,
    errors: [],
    handle: async () => {
      throw new Error('select secret')
    },
  }),
  defineRoute({
    method: 'GET',
    base: 'root',
    path: '/users/me',
    operationId: 'me',
    summary: 'The caller',
    tag: 'sample',
    guard: { authentication: 'required', csrf: 'none' },
    responses: { 200: { description: 'The caller', schema: z.object({ id: z.string() }) } },
    errors: [],
    handle: async ({ identity: who }) => ({ status: 200, body: { id: who.userId } }),
  }),
  defineRoute({
    method: 'POST',
    base: 'auth',
    path: '/things/{id}',
    operationId: 'makeThing',
    summary: 'Shows what a handler is given',
    tag: 'sample',
    guard: { authentication: 'required', csrf: 'token' },
    body: z.object({ name: z.string().max(100) }),
    query: z.object({ tag: z.array(z.string()).optional(), size: z.coerce.number().int().optional() }),
    params: z.object({ id: z.string() }),
    responses: { 201: { description: 'Made', schema: z.looseObject({ user: z.string() }) } },
    errors: ['conflict'],
    handle: async ({ body, query, params, identity: who, credential, client, tenantHeader }) => ({
      status: 201,
      body: { body, query, params, user: who.userId, source: credential?.source, client, tenantHeader },
    }),
  }),
  defineRoute({
    method: 'POST',
    base: 'auth',
    path: '/guarded',
    operationId: 'guarded',
    summary: 'Everything that can refuse',
    tag: 'sample',
    guard: {
      authentication: 'required',
      csrf: 'token',
      recentAuthentication: true,
      permissions: ['things:write'],
      limit: 'hashing',
    },
    body: z.object({ name: z.string() }),
    responses: okay,
    errors: [],
    handle: ok,
  }),
  defineRoute({
    method: 'POST',
    base: 'auth',
    path: '/login',
    operationId: 'login',
    summary: 'Signs in',
    tag: 'sample',
    guard: { authentication: 'none', csrf: 'origin', limit: 'hashing' },
    body: z.object({ remember: z.boolean().optional() }),
    bodyOptional: true,
    responses: okay,
    errors: ['invalid_credentials'],
    handle: async ({ body }) => ({
      status: 200,
      body: { ok: true },
      cookies: {
        kind: 'set',
        accessToken: 'sps_a',
        refreshToken: 'spr_b',
        maxAge: body.remember === false ? null : 3600,
      },
    }),
  }),
  defineRoute({
    method: 'POST',
    base: 'auth',
    path: '/logout',
    operationId: 'logout',
    summary: 'Signs out',
    tag: 'sample',
    guard: { authentication: 'none', csrf: 'origin' },
    responses: { 204: { description: 'Signed out' } },
    errors: [],
    handle: async ({ credential, refreshCookie }) => ({
      status: 204,
      headers: { 'x-saw': `${credential?.token ?? 'none'} ${refreshCookie ?? 'none'}` },
      cookies: { kind: 'clear' },
    }),
  }),
]
