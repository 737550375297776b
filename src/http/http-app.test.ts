import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSampleApp, identity, type SampleApp } from '../../test/http/sample-app.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { defineRoute } from './define-route.js'

let sample: SampleApp

beforeEach(() => {
  sample = createSampleApp()
})

// ASVS 4.1.1, 8.2.1, 16.5.1
describe('the chain', () => {
  it('answers a route under every base path', async () => {
    for (const base of ['/auth', '/api/auth']) {
      const answer = await sample.send('GET', `${base}/open`)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(await answer.json()).toEqual({ ok: true })
    }
  })

  it('answers a root route only where it stands', async () => {
    expect((await sample.send('GET', '/users/me', { headers: { authorization: 'Bearer good' } })).status).toBe(200)
    expect((await sample.send('GET', '/auth/users/me', { headers: { authorization: 'Bearer good' } })).status).toBe(404)
  })

  it('hands the handler what it parsed, and who is calling', async () => {
    const answer = await sample.send('POST', '/auth/things/a%20b?tag=x&tag=y&size=3', {
      headers: { authorization: 'Bearer good', 'x-tenant-id': 't9', 'user-agent': 'spec' },
      json: { name: 'thing', extra: true },
      remoteAddress: '203.0.113.9',
    })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({
      body: { name: 'thing' },
      query: { tag: ['x', 'y'], size: 3 },
      params: { id: 'a b' },
      user: identity.userId,
      source: 'header',
      client: { ipAddress: '203.0.113.9', userAgent: 'spec' },
      tenantHeader: 't9',
    })
  })

  it('refuses in the order of the contract: authentication, CSRF, permission, recent authentication, limit, validation', async () => {
    const send = (token: string | null, extra: Record<string, string> = {}) =>
      sample.send('POST', '/auth/guarded', {
        headers: { ...(token && { cookie: `session_id=${token}` }), ...extra },
        json: { wrong: true },
        remoteAddress: '203.0.113.9',
      })
    const code = async (answer: Promise<Response>) =>
      z.object({ code: z.string() }).parse(await (await answer).json()).code
    const csrf = { 'x-csrf-token': 'csrf-good' }

    expect(await code(send(null))).toBe('unauthenticated')
    expect(await code(send('poor'))).toBe('csrf_rejected')
    sample.limit.remaining = 0
    expect(await code(send('poor', { 'x-csrf-token': 'csrf-poor' }))).toBe('forbidden')
    expect(await code(send('stale', csrf))).toBe('reauthentication_required')
    expect(await code(send('good', csrf))).toBe('rate_limited')
    sample.limit.remaining = 10
    expect(await code(send('good', csrf))).toBe('invalid_request')
    expect(
      (
        await sample.send('POST', '/auth/guarded', {
          headers: { cookie: 'session_id=good', ...csrf },
          json: { name: 'x' },
        })
      ).status,
    ).toBe(200)
  })

  it('answers HEAD like GET, without the body', async () => {
    const answer = await sample.send('HEAD', '/auth/open')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await answer.text()).toBe('')
  })

  it('turns an unexpected error into `internal`, logs the cause and shows nothing of it', async () => {
    const answer = await sample.send('GET', '/auth/broken', { headers: { 'x-request-id': 'r-1' } })
    expect(answer.status).toBe(500)
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', request_id: 'r-1' })
    expect(text).not.toMatch(/secret|select|stack|at /i)
    expect(sample.log).toContainEqual(
      expect.objectContaining({ request_id: 'r-1', err: expect.objectContaining({ message: 'select secret' }) }),
    )
  })

  it('gives every answer a request id: the well-formed one that came, else a new one', async () => {
    const given = async (id: string) =>
      (await sample.send('GET', '/auth/open', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    expect(await given('trace.1_a-B')).toBe('trace.1_a-B')
    for (const bad of ['', 'a b', 'a"b', 'é', 'x'.repeat(129)]) expect(await given(bad)).toMatch(/^[0-9a-f-]{36}$/)
    expect((await sample.send('GET', '/nowhere')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('logs one line a request, naming the template and neither path nor query', async () => {
    await sample.send('POST', '/auth/things/secret-id?tag=secret-tag', {
      headers: { authorization: 'Bearer good' },
      json: { name: 'x' },
    })
    expect(sample.log.at(-1)).toMatchObject({ method: 'POST', route: '/auth/things/{id}', status: 201 })
    expect(JSON.stringify(sample.log)).not.toContain('secret-')
  })

  it('refuses a declaration that leaves a write undefended', () => {
    const route = defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/bare',
      operationId: 'bare',
      summary: '',
      tag: 'x',
      guard: { authentication: 'none', csrf: 'none' },
      responses: {},
      errors: [],
      handle: async () => ({ status: 204 }),
    })
    expect(() => createSampleApp({ routes: [route] })).toThrow('bare writes, so it needs a CSRF guard')
  })

  it('says how recent an authentication must be (RFC 9470)', async () => {
    const answer = await sample.send('POST', '/auth/guarded', { headers: { authorization: 'Bearer stale' }, json: {} })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="sallyport", error="insufficient_user_authentication", error_description="[^"]+", max_age="600"$/,
    )
    expect(() => createSampleApp({ routes: [recentWithoutCaller] })).toThrow('needs authentication')
  })

  it('refuses a token that authenticate refuses, with its code', async () => {
    const answer = await sample.send('GET', '/users/me', { headers: { authorization: 'Bearer expired' } })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ code: new SallyportError('token_expired').code })
  })
})

const recentWithoutCaller = defineRoute({
  method: 'POST',
  base: 'auth',
  path: '/bare',
  operationId: 'bare',
  summary: '',
  tag: 'x',
  guard: { authentication: 'none', csrf: 'origin', recentAuthentication: true },
  responses: {},
  errors: [],
  handle: async () => ({ status: 204 }),
})
