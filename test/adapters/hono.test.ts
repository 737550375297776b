import { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { getIdentity, mustGetUserId, optionalAuth, refusals, requireAuth, sallyport } from '../../src/adapters/hono.js'
import type { Identity } from '../../src/index.js'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { sendRaw } from '../http/raw-socket.js'
import { running } from './stack.js'

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth()
})
afterAll(() => auth?.close())

const account = () => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ email: newEmail(), password: PASSWORD }),
})

async function bearer(of: TestAuth = auth): Promise<Record<string, string>> {
  const { accessToken } = await of.api.register({ email: newEmail(), password: PASSWORD })
  return { authorization: `Bearer ${accessToken}` }
}

/** @returns the port */
async function serve(app: Pick<Hono, 'fetch'>): Promise<number> {
  const server = createAdaptorServer({ fetch: app.fetch })
  if (!(server instanceof Server)) throw new Error('HTTP/1.1 was asked for')
  const { port, close } = await running(server)
  onTestFinished(close)
  return port
}

it('knows the caller by type, without a cast', async () => {
  const app = new Hono()
    .use(sallyport(auth))
    .get('/mine', requireAuth(), (c) => {
      expectTypeOf(c.get('identity')).toEqualTypeOf<Identity>()
      expectTypeOf(c.var.identity).toEqualTypeOf<Identity>()
      return c.text(c.var.identity.userId)
    })
    .get('/open', optionalAuth(), (c) => {
      expectTypeOf(c.get('identity')).toEqualTypeOf<Identity | null>()
      expectTypeOf(getIdentity(c)).toEqualTypeOf<Identity | null>()
      return c.text(c.get('identity')?.userId ?? 'nobody')
    })
  const headers = await bearer()
  const mine = await (await app.request('/mine', { headers })).text()
  expect(await (await app.request('/open', { headers })).text()).toBe(mine)
  expect(await (await app.request('/open')).text()).toBe('nobody')
})

it('takes a body that something before it has read, and refuses one that is gone', async () => {
  const app = new Hono()
  app.use(async (c, next) => {
    await c.req.json()
    await next()
  })
  app.use(sallyport(auth))
  expect((await app.request('/auth/register', account())).status).toBe(201)
  // What JSON.parse lets pass is still judged by the text that was sent.
  const twice = { ...account(), body: '{"email":"a@example.com","email":"b@example.com","password":"x"}' }
  expect((await app.request('/auth/register', twice)).status).toBe(400)

  const raw = new Hono()
  raw.use(async (c, next) => {
    await c.req.raw.text()
    await next()
  })
  raw.use(sallyport(auth))
  const answer = await raw.request('/auth/register', account())
  expect(answer.status).toBe(500)
  expect(await answer.json()).toMatchObject({
    code: 'internal',
    detail: expect.stringContaining('ahead of what reads bodies'),
  })
})

it('answers for the paths that the server was asked for, wherever in the application it stands', async () => {
  const one = await createTestAuth({ config: { server: { basePaths: ['/api/auth'] } } })
  onTestFinished(() => one.close())
  const part = new Hono().use(sallyport(one))
  part.get('/me', requireAuth(), (c) => c.text(c.var.identity.userId))
  part.get('/auth/me', (c) => c.text('of the application'))
  const app = new Hono()
    .route(
      '/api',
      new Hono().use(sallyport(one)).get('/mine', requireAuth(), (c) => c.text('mine')),
    )
    .mount('/other', part.fetch)
  const outer = new Hono().mount('/api', part.fetch)
  const [routed, mounted] = [await serve(app), await serve(outer)]
  const headers = await bearer(one)
  const of = async (port: number, path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    return `${answer.status} ${(await answer.text()).includes('@example.com') ? 'of Sallyport' : 'of the application'}`
  }
  expect(await of(routed, '/api/auth/me?x=1')).toBe('200 of Sallyport')
  expect(await of(routed, '/api/mine')).toBe('200 of the application')
  expect(await of(routed, '/auth/me')).toBe('404 of the application')
  expect(await of(routed, '/other/auth/me')).toBe('200 of the application')
  expect(await of(mounted, '/api/auth/me')).toBe('200 of Sallyport')
  expect(await of(mounted, '/api/auth/nothing')).toBe('404 of the application')
  expect(await of(mounted, '/api/me')).toBe('200 of the application')
})

it('trusts nothing that comes behind a malformed request', async () => {
  const port = await serve(new Hono().use(sallyport(auth)).get('/', (c) => c.text('behind')))
  const twice = [
    'GET /auth/me HTTP/1.1',
    'Host: localhost',
    'Authorization: Bearer a',
    'Authorization: Bearer b',
    '',
    '',
  ]
  // It ends, though nobody asked for that.
  const { status, head, text } = await sendRaw(port, twice.join('\r\n'))
  expect([status, head.toLowerCase().includes('connection: close')]).toEqual([400, true])
  expect(text).toContain('sent twice')
})

it('takes the address from whoever knows it', async () => {
  const app = new Hono()
  app.use(sallyport(auth, { remoteAddress: (c) => c.req.header('x-test-peer') }))
  const init = account()
  const answer = await app.request('/auth/register', {
    ...init,
    headers: { ...init.headers, 'x-test-peer': '192.0.2.7' },
  })
  expect(await answer.json()).toMatchObject({ session: { ip_address: '192.0.2.7' } })
})

it('adds its fields to whatever came of the request: a response of ones own, an error', async () => {
  const { accessToken } = await auth.api.register({ email: newEmail(), password: PASSWORD })
  const cookie = `session_id=${accessToken}`
  const app = new Hono()
  app.use(sallyport(auth))
  app.get('/raw', requireAuth(), () => new Response('x', { headers: { vary: 'Accept', 'set-cookie': 'own=1' } }))
  app.get('/moved', requireAuth(), () => Response.redirect('http://localhost/elsewhere', 302))
  app.get('/wrong', requireAuth(), () => {
    throw new Error('a bug')
  })
  app.onError((_error, c) => c.text('sorry', 500))
  for (const [path, status, vary] of [
    ['/raw', 200, 'Accept, Cookie'],
    ['/moved', 302, 'Cookie'],
    ['/wrong', 500, 'Cookie'],
  ] as const) {
    const answer = await app.request(path, { headers: { cookie } })
    expect([answer.status, answer.headers.get('vary')], path).toEqual([status, vary])
  }
})

it('answers a refusal that a handler throws, and leaves other errors to others', async () => {
  const app = new Hono()
  app.use(sallyport(auth))
  app.get('/must', (c) => c.text(mustGetUserId(c)))
  app.get('/wrong', () => {
    throw new Error('a bug')
  })
  app.onError(refusals((error, c) => c.text(error.message, 500)))
  const refused = await app.request('/must')
  expect([refused.status, refused.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
  expect(await (await app.request('/wrong')).text()).toBe('a bug')
})
