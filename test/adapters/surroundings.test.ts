import { createServer, type RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, expect, it } from 'vitest'
import * as forExpress from '../../src/adapters/express.js'
import * as forFastify from '../../src/adapters/fastify.js'
import * as forHono from '../../src/adapters/hono.js'
import * as forNext from '../../src/adapters/next.js'
import * as forNode from '../../src/adapters/node-listener.js'
import { keptClone } from '../../src/client/kept-clone.js'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { createTestAuth, type TestAuth, type TestAuthOptions } from '../../src/testing/index.js'
import { MINUTE } from '../flows/durations.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { sendRaw } from '../http/raw-socket.js'
import { refusalOf } from './application.js'
import { running } from './stack.js'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(options: TestAuthOptions = {}): Promise<TestAuth> {
  const auth = await createTestAuth(options)
  closers.push(() => auth.close())
  return auth
}

/** @returns the port */
async function serve(listener: RequestListener): Promise<number> {
  const { port, close } = await running(createServer(listener))
  closers.push(close)
  return port
}

const post = (port: number, path: string, body: string, type = 'application/json', headers = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: { 'content-type': type, ...headers }, body })
const account = () => JSON.stringify({ email: newEmail(), password: PASSWORD })
const signUp = async (auth: TestAuth) => {
  const { accessToken } = await auth.api.register({ email: newEmail(), password: PASSWORD })
  return { authorization: `Bearer ${accessToken}` }
}

it.each([
  ['JSON', express.json()],
  ['bytes', express.raw({ type: '*/*' })],
  ['text', express.text({ type: '*/*' })],
])('a body that was read ahead as %s is taken as it was read', async (_name, parser) => {
  const auth = await open()
  const app = express().use(parser).use(forExpress.sallyport(auth))
  const port = await serve(app)
  expect((await post(port, '/auth/register', account())).status).toBe(201)
  expect(await refusalOf(await post(port, '/auth/logout', 'a=b', 'text/plain'))).toBe('415 unsupported_media_type')
})

it('a body that was read ahead and thrown away is answered, and the answer says what is wrong', async () => {
  const auth = await open()
  const port = await serve((request, response) => {
    request.resume().once('end', () => void forNode.sallyport(auth)(request, response))
  })
  const answer = await post(port, '/auth/register', account())
  expect(await keptClone(answer).text()).toContain('Mount Sallyport ahead of what reads bodies')
  expect(await refusalOf(answer)).toBe('500 internal')
})

it('below a router of Express the whole path counts, as it was sent', async () => {
  const auth = await open()
  const api = express.Router().use(forExpress.sallyport(auth))
  api.get('/me', forExpress.requireAuth(), (request, response) => void response.send(forExpress.getUserId(request)))
  const port = await serve(express().use('/api', api))
  const headers = await signUp(auth)
  for (const path of ['/api/auth/me', '/api/me']) {
    expect((await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status, path).toBe(200)
  }
  expect((await fetch(`http://127.0.0.1:${port}/auth/me`, { headers })).status).toBe(404)
})

it('what the application says of an answer stays beside what a guard says', async () => {
  const auth = await open({ config: { auth: { mode: 'stateless' } } })
  const app = express()
  app.use((_request, response, next) => {
    response.setHeader('access-control-allow-origin', 'https://app.example')
    response.setHeader('vary', 'Origin')
    next()
  })
  app.use(forExpress.sallyport(auth))
  app.get('/me', forExpress.requireAuth(), (_request, response) => void response.cookie('theme', 'dark').send('me'))
  const fastify = Fastify()
  fastify.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', 'https://app.example').header('vary', 'Origin')
  })
  await fastify.register(forFastify.sallyport(auth))
  fastify.get('/me', { onRequest: forFastify.requireAuth() }, async (_request, reply) =>
    reply.header('set-cookie', 'theme=dark').send('me'),
  )
  const fastifyUrl = await fastify.listen({ port: 0, host: '127.0.0.1' })
  closers.push(() => fastify.close())

  const { accessToken } = await auth.api.register({ email: newEmail(), password: PASSWORD })
  auth.clock.advance(8 * MINUTE)
  const ports = [await serve(app), Number(new URL(fastifyUrl).port)]
  for (const port of ports) {
    const url = `http://127.0.0.1:${port}/me`
    const renewed = await fetch(url, { headers: { cookie: `session_id=${accessToken}` } })
    expect(renewed.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['session_id', 'theme'])
    expect(renewed.headers.get('vary')).toBe('Origin, Cookie')
    const refused = await fetch(url)
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(await refusalOf(refused)).toBe('401 unauthenticated')
  }
})

it('cookies that the application has set stay beside those of an answer of ours', async () => {
  const auth = await open()
  const app = express()
  app.use((_request, response, next) => {
    response.cookie('theme', 'dark')
    next()
  })
  app.use(forExpress.sallyport(auth))
  const body = JSON.stringify({ email: newEmail(), password: PASSWORD, transport: 'cookie' })
  const answer = await post(await serve(app), '/auth/register', body)
  const names = answer.headers.getSetCookie().map((line) => line.split('=')[0])
  expect(names).toContain('theme')
  expect(names).toContain('session_id')
})

it('the address of the client is that of a trusted proxy’s header, whatever the framework believes', async () => {
  const forwarded = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' }
  const addressSeen = async (auth: TestAuth, trusts: boolean) => {
    const port = await serve(express().set('trust proxy', trusts).use(forExpress.sallyport(auth)))
    const answer = await post(port, '/auth/register', account(), 'application/json', forwarded)
    return Object(await answer.json()).session.ip_address
  }
  expect(await addressSeen(await open(), true)).toBe('127.0.0.1')
  const behind = await open({ config: { server: { trustProxy: ['127.0.0.1'] } } })
  expect(await addressSeen(behind, false)).toBe('203.0.113.7')
})

it('a session that is bound to a browser is honoured in no other', async () => {
  const auth = await open({ config: { auth: { session: { binding: 'user_agent' } } } })
  const app = express().use(forExpress.sallyport(auth))
  app.get('/me', forExpress.requireAuth(), (_request, response) => void response.send('me'))
  const port = await serve(app)
  const firefox = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
  const signedUp = await post(port, '/auth/register', account(), 'application/json', firefox)
  const authorization = `Bearer ${Object(await signedUp.json()).access_token}`
  const me = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/me`, { headers: { authorization, ...headers } })
  for (let time = 0; time < 2; time++) expect((await me(firefox)).status).toBe(200)
  expect(await refusalOf(await me({ 'user-agent': 'curl/8.5.0' }))).toBe('401 reauthentication_required')
})

it('methods that Fastify does not know still reach Sallyport; a path that it cannot decode reaches nobody', async () => {
  const auth = await open()
  const app = Fastify()
  await app.register(forFastify.sallyport(auth))
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  closers.push(() => app.close())
  const { authorization } = await signUp(auth)
  const send = (line: string) =>
    sendRaw(
      port,
      [`${line} HTTP/1.1`, 'Host: localhost', `Authorization: ${authorization}`, 'Connection: close', '', ''].join(
        '\r\n',
      ),
    )
  expect((await send('GET /auth/%ZZ')).status).toBe(400)
  expect((await send('PROPFIND /auth/verify')).status).toBe(200)
})

it('a guard may be of another instance than the one that is mounted', async () => {
  const [one, other] = [await open(), await open()]
  const app = express().use(forExpress.sallyport(one))
  app.get('/other', forExpress.requireAuth(), forExpress.requireAuth({ auth: other }), (_request, response) => {
    response.send('let in')
  })
  const port = await serve(app)
  const answer = await fetch(`http://127.0.0.1:${port}/other`, { headers: await signUp(one) })
  expect(await refusalOf(answer)).toBe('401 invalid_token')
})

it('who logs a request logs no token by it', async () => {
  const auth = await open()
  let seen = ''
  const app = express().use(forExpress.sallyport(auth))
  app.get('/me', forExpress.requireAuth(), (request, response) => {
    const ours = Object.getOwnPropertySymbols(request).filter(({ description }) => description === 'sallyport')
    seen = ours.map((symbol) => inspect(Reflect.get(request, symbol), { depth: 5, showHidden: true })).join()
    response.send('me')
  })
  const headers = await signUp(auth)
  await fetch(`http://127.0.0.1:${await serve(app)}/me`, { headers })
  expect(seen).toContain('Visit')
  expect(seen).not.toContain('sps_')
  expect(seen).not.toContain('@example.com')
})

it('a guard that would ask for nothing is refused when it is made', () => {
  // As who writes no types may have them.
  const misspelt = { fresh: true, role: 'admin' }
  const mistaken = { fresh: true, roles: ['admin'] }
  for (const adapter of [forExpress, forFastify, forNode, forHono, forNext]) {
    const { optionalAuth, requireAuth, requireRole, requirePermission } = adapter
    expect(() => requireRole()).toThrow('Name the roles')
    expect(() => requirePermission()).toThrow('Name the permissions')
    expect(() => requireAuth({ roles: [] })).toThrow('Name the roles')
    expect(() => requireAuth({ permissions: [] })).toThrow('Name the permissions')
    expect(() => requireAuth(misspelt)).toThrow('no option `role`')
    expect(() => optionalAuth(mistaken)).toThrow('no option `roles`')
  }
  expect(() => forNext.guardPages({ next: () => new Response(null) }, misspelt)).toThrow('no option `role`')
})

it('an answer with a renewed token is for no cache, whatever the application says of it', async () => {
  const auth = await open({ config: { auth: { mode: 'stateless' } } })
  const app = express().use(forExpress.sallyport(auth), forExpress.optionalAuth())
  app.get('/set', (_request, response) => void response.set('Cache-Control', 'public, max-age=60').send('page'))
  app.get('/head', (_request, response) => {
    response.writeHead(200, 'Fine', { 'Cache-Control': 'public, max-age=60', 'x-own': '1' }).end('page')
  })
  app.get('/list', (_request, response) => {
    response.writeHead(200, ['Cache-Control', 'public, max-age=60', 'x-own', '1']).end('page')
  })
  const fastify = Fastify()
  await fastify.register(forFastify.sallyport(auth))
  fastify.addHook('onRequest', forFastify.optionalAuth())
  fastify.get('/set', async (_request, reply) => reply.header('cache-control', 'public, max-age=60').send('page'))
  fastify.get('/stream', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=60').send(Readable.from(['page'])),
  )
  const fastifyUrl = await fastify.listen({ port: 0, host: '127.0.0.1' })
  closers.push(() => fastify.close())
  const expressUrl = `http://127.0.0.1:${await serve(app)}`

  const { accessToken } = await auth.api.register({ email: newEmail(), password: PASSWORD })
  const urls = [
    ...['/set', '/head', '/list'].map((path) => expressUrl + path),
    `${fastifyUrl}/set`,
    `${fastifyUrl}/stream`,
  ]
  const ask = (url: string) => fetch(url, { headers: { cookie: `session_id=${accessToken}` } })
  for (const url of urls) {
    const { headers } = await ask(url)
    expect([headers.get('cache-control'), headers.getSetCookie()], url).toEqual(['public, max-age=60', []])
  }
  auth.clock.advance(8 * MINUTE)
  for (const url of urls) {
    const answer = await ask(url)
    expect(answer.headers.getSetCookie(), url).toEqual([expect.stringMatching(/^session_id=ey/)])
    expect(answer.headers.get('cache-control'), url).toBe('no-store')
    expect(answer.headers.get('x-own'), url).toBe(/head|list/.test(url) ? '1' : null)
    expect(await answer.text()).toBe('page')
  }
})

it('nothing is believed that comes behind a malformed request', async () => {
  const port = await serve(express().use(forExpress.sallyport(await open())))
  const twice = [
    'GET /auth/me HTTP/1.1',
    'Host: localhost',
    'Authorization: Bearer a',
    'Authorization: Bearer b',
    '',
    '',
  ]
  const { status, head } = await sendRaw(port, twice.join('\r\n'))
  expect([status, head.toLowerCase().includes('connection: close')]).toEqual([400, true])
})

it('a refusal says nothing of the body that the handler was about to send', async () => {
  const auth = await open()
  const told = { etag: '"1"', 'content-encoding': 'gzip', 'content-disposition': 'attachment', 'content-length': '5' }
  const kept = { 'x-own': '1' }
  const app = express().use(forExpress.sallyport(auth))
  app.get('/', (request, response) => {
    response.set({ ...told, ...kept })
    response.send(forExpress.mustGetUserId(request))
  })
  app.use(forExpress.refusals())
  const fastify = Fastify({ forceCloseConnections: true })
  await fastify.register(forFastify.sallyport(auth))
  fastify.get('/', { errorHandler: forFastify.refusals() }, async (request, reply) => {
    reply.headers({ ...told, ...kept })
    return forFastify.mustGetUserId(request)
  })
  const fastifyUrl = await fastify.listen({ port: 0, host: '127.0.0.1' })
  closers.push(() => fastify.close())
  const node = forNode.sallyport(auth, (request, response) => {
    for (const [name, value] of Object.entries({ ...told, ...kept })) response.setHeader(name, value)
    response.end(forNode.mustGetUserId(request))
  })
  const hono = new Hono().use(forHono.sallyport(auth)).onError(forHono.refusals())
  hono.get('/', (c) => {
    for (const [name, value] of Object.entries({ ...told, ...kept })) c.header(name, value)
    return c.text(forHono.mustGetUserId(c))
  })
  const answers = [
    await fetch(`http://127.0.0.1:${await serve(app)}/`),
    await fetch(fastifyUrl),
    await fetch(`http://127.0.0.1:${await serve(node)}/`),
    await hono.request('/'),
  ]
  for (const answer of answers) {
    const { headers } = answer
    expect(Object.keys(told).filter((name) => name !== 'content-length' && headers.has(name))).toEqual([])
    expect(await refusalOf(answer)).toBe('401 unauthenticated')
  }
})

it('a surface that fails, which it never should, is answered and logged, and no connection is cut', async () => {
  const logger = new CapturedLogs()
  const auth = await open({ logger })
  const failing = { host: { ...auth.host, answer: () => Promise.reject(new Error('out of order')) } }
  const fastify = Fastify({ forceCloseConnections: true })
  await fastify.register(forFastify.sallyport(failing))
  const fastifyUrl = await fastify.listen({ port: 0, host: '127.0.0.1' })
  closers.push(() => fastify.close())
  const node = `http://127.0.0.1:${await serve(forNode.sallyport(failing))}`
  for (const url of [fastifyUrl, node]) expect(await refusalOf(await fetch(`${url}/auth/me`))).toBe('500 internal')
  expect(logger.lines.filter((line) => JSON.stringify(line).includes('out of order'))).toHaveLength(2)
})

it('a refusal is whole also where something has hooked the writing of headers', async () => {
  const auth = await open()
  const port = await serve((request, response) => {
    // It looks at what was set, and hands on the status alone.
    response.writeHead = new Proxy(response.writeHead, {
      apply: (writeHead, self, [status]) => Reflect.apply(writeHead, self, [status]),
    })
    forNode.requireAuth({ auth })(request, response, () => response.end())
  })
  expect(await refusalOf(await fetch(`http://127.0.0.1:${port}/`))).toBe('401 unauthenticated')
})
