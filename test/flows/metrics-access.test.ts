import { describe, expect, it, onTestFinished } from 'vitest'
import { composeAuth } from '../../src/auth.js'
import { type ConfigInput, parseConfig } from '../../src/config/config.js'
import type { HttpApp } from '../../src/http/http-app-types.js'
import { createTestAuth } from '../../src/testing/index.js'
import { codeOf } from './people.js'

const TOKEN = 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u'
const SECRET = 'c2FsbHlwb3J0IGluIHByb2R1Y3Rpb24gbW9kZQ'

async function compose(config: ConfigInput, nodeEnv = 'production') {
  const storage = { url: 'sqlite::memory:' }
  const composed = await composeAuth(parseConfig({ secret: SECRET, storage, ...config }, { nodeEnv }))
  onTestFinished(() => composed.auth.close())
  return composed
}

/** What `path` answers to a caller at that address. */
function ask(
  app: HttpApp | null,
  { path = '/metrics', from = '127.0.0.1', method = 'GET', headers = {} }: Asking = {},
): Promise<Response> {
  if (app === null) throw new Error('there is no such listener')
  return app.fetch(new Request(`http://localhost:3000${path}`, { method, headers }), { remoteAddress: from })
}

interface Asking {
  readonly path?: string
  readonly from?: string | null
  readonly method?: string
  readonly headers?: Record<string, string>
}

describe('GET /metrics', () => {
  it('answers the text format, is kept by nobody, and knows HEAD and no other method', async () => {
    const { app } = await compose({})
    const answer = await ask(app)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.text()).toContain('process_cpu_seconds_total')
    const head = await ask(app, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await ask(app, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect((await ask(app, { path: '/auth/metrics' })).status).toBe(404)
  })

  it('is open in development', async () => {
    const { app } = await compose({}, 'test')
    expect((await ask(app, { from: '203.0.113.9' })).status).toBe(200)
  })

  it('is in production for callers on the same machine alone', async () => {
    const { app } = await compose({ server: { trustProxy: ['10.0.0.1'] } })
    for (const from of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect((await ask(app, { from })).status).toBe(200)
    for (const from of ['203.0.113.9', '10.0.0.1', null]) {
      const answer = await ask(app, { from })
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'forbidden'])
    }
    // Somebody else's request that a proxy on this machine passes on, or one that claims to be.
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) {
      expect((await ask(app, { headers: { [name]: '127.0.0.1' } })).status).toBe(403)
    }
    const claimed = await ask(app, { from: '10.0.0.1', headers: { 'x-forwarded-for': '127.0.0.1' } })
    expect(claimed.status).toBe(403)
    // HAProxy, a TLS tunnel: nothing is added, and the name that the caller asked for stays.
    for (const host of ['auth.example.com', '203.0.113.9:443', 'localhost.example.com']) {
      expect((await ask(app, { headers: { host } })).status, host).toBe(403)
    }
    for (const host of ['localhost:3000', '127.0.0.1:9464', '[::1]:3000']) {
      expect((await ask(app, { headers: { host } })).status, host).toBe(200)
    }
  })

  it('asks for its token where one is set, of everybody and as a header alone', async () => {
    const { app } = await compose({ metrics: { token: TOKEN } })
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
    expect((await ask(app, { from: '203.0.113.9', headers: bearer(TOKEN) })).status).toBe(200)
    const none = await ask(app)
    expect([none.status, await codeOf(none), none.headers.get('www-authenticate')]).toEqual([
      401,
      'unauthenticated',
      'Bearer realm="sallyport"',
    ])
    for (const token of ['x', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toLowerCase()]) {
      const wrong = await ask(app, { headers: bearer(token) })
      expect([wrong.status, await codeOf(wrong)]).toEqual([401, 'invalid_token'])
    }
    for (const name of ['session_id', '__Host-session_id']) {
      expect((await ask(app, { headers: { cookie: `${name}=${TOKEN}` } })).status).toBe(401)
    }
    expect((await ask(app, { path: `/metrics?token=${TOKEN}` })).status).toBe(401)
  })

  it('moves to the port of operators, and is then nowhere else', async () => {
    const { app, adminApp } = await compose({ server: { adminPort: 9464 } })
    expect((await ask(app)).status).toBe(404)
    expect((await ask(adminApp, { from: '10.1.2.3' })).status).toBe(200)
    for (const one of [app, adminApp]) expect((await ask(one, { path: '/health/live' })).status).toBe(200)
    for (const path of ['/auth/login', '/auth/verify', '/users/me', '/auth/me', '/.well-known/jwks.json']) {
      expect((await ask(adminApp, { path })).status).toBe(404)
    }
    expect(app.openapi()['paths']).not.toHaveProperty('/metrics')
    expect(adminApp?.openapi()['paths']).toHaveProperty('/metrics')
  })

  it('is not there where it is switched off', async () => {
    const { app, adminApp } = await compose({ metrics: { enabled: false }, server: { adminPort: 9464 } })
    for (const one of [app, adminApp]) expect((await ask(one)).status).toBe(404)
  })
})

describe('the library', () => {
  it('gives the same text to a host with a page of its own, each instance its own numbers', async () => {
    const [one, other] = [await createTestAuth(), await createTestAuth()]
    await one.api.register({ email: 'ada@example.com', password: 'correct horse battery' })
    expect(await one.metrics()).toContain('\nsallyport_registrations_total 1\n')
    expect(await other.metrics()).toContain('\nsallyport_registrations_total 0\n')
    await Promise.all([one.close(), other.close()])
  })
})
