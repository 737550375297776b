import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { close, listen, sendRaw } from '../../test/http/raw-socket.js'
import { createSampleApp, type SampleApp } from '../../test/http/sample-app.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Door, DoorRequest } from '../http/door.js'
import { createNodeServer } from './node.js'

const seen: DoorRequest[] = []
const door: Door = {
  operation: {
    operationId: 'verify',
    summary: 'Forward auth',
    tag: 'services',
    authentication: 'required',
    responses: { 200: { description: 'Signed in' } },
    errors: [],
  },
  paths: (config) => config.server.basePaths.map((base) => `${base}/verify`),
  answer: async (request) => {
    seen.push(request)
    if (request.header('Authorization') === undefined) throw new SallyportError('unauthenticated')
    return { status: 200, fields: ['x-auth-user-id', 'u1'], body: null }
  },
}
const config = {
  server: { publicUrl: null, basePaths: ['/auth', '/api/auth'], trustProxy: ['127.0.0.1'], cors: { origins: [] } },
}

let sample: SampleApp
let server: Server
let port: number

beforeEach(async () => {
  seen.length = 0
  sample = createSampleApp({ doors: [door], server: config.server })
  const log = (fields: Record<string, unknown>) => sample.log.push(fields)
  server = createNodeServer(sample.app, config, { logger: { info: log, error: log } })
  port = await listen(server)
})

afterEach(() => close(server))

const request = (line: string, headers: readonly string[] = [], body = '') =>
  sendRaw(port, [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', body].join('\r\n'))
const codeOf = (body: string) => z.object({ code: z.string() }).parse(JSON.parse(body)).code

describe('the node server', () => {
  it('answers over a real socket, with cookies each in a header of its own', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/auth/login`, { method: 'POST' })
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie()).toHaveLength(3)
    expect(await answer.json()).toEqual({ ok: true })
    expect([...answer.headers.keys()]).not.toEqual(expect.arrayContaining(['server', 'x-powered-by']))
  })

  it('hands the address of the connection to the limits, and that of the client behind a trusted proxy', async () => {
    await fetch(`http://127.0.0.1:${port}/auth/login`, { method: 'POST' })
    await fetch(`http://127.0.0.1:${port}/auth/login`, {
      method: 'POST',
      headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' },
    })
    expect(sample.limit.buckets).toEqual(['127.0.0.1', '203.0.113.7'])
  })

  it('answers HEAD with the headers of GET and no body, and keeps the connection usable', async () => {
    const answer = await sendRaw(
      port,
      'HEAD /auth/open HTTP/1.1\r\nHost: localhost\r\n\r\nGET /auth/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    )
    expect(answer.text.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    expect(answer.text.match(/\{"ok":true\}/g)).toHaveLength(1)
  })

  it('refuses a body that grows beyond the limit while it is sent', async () => {
    const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
    const answer = await request('POST /auth/login', headers, `${chunk.repeat(9)}0\r\n\r\n`)
    expect(answer.status).toBe(413)
    expect(codeOf(answer.body.replace(/^[0-9a-f]+\r\n/, ''))).toBe('payload_too_large')
  })

  it('waits but a moment for a body that it has refused', async () => {
    const head =
      'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 70000'
    // Nothing more is sent, and the connection may stay: it is the server who closes it.
    expect(await sendRaw(port, `${head}\r\n\r\n{`)).toMatchObject({ status: 413 })
  })

  it('goes on with a connection whose refused body has come all the same', async () => {
    const head =
      'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 70000'
    const next = 'GET /auth/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const answer = await sendRaw(port, `${head}\r\n\r\n${'x'.repeat(70_000)}${next}`)
    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
  })
})

describe('doors on the raw request', () => {
  it.each(['GET', 'POST', 'PUT', 'OPTIONS', 'PROPFIND', 'TRACE'])('are asked for %s', async (method) => {
    const answer = await request(`${method} /api/auth/verify?role=admin`, ['Authorization: Bearer good'])
    expect(answer.status).toBe(200)
    expect(answer.head).toMatch(/x-auth-user-id: u1/)
    expect(answer.head).toMatch(/x-request-id: [0-9a-f-]{36}/)
    expect(answer.head).toMatch(/cache-control: no-store/)
    expect(seen[0]).toMatchObject({ method, path: '/api/auth/verify', query: 'role=admin', remoteAddress: '127.0.0.1' })
  })

  it('answer a refusal as a problem', async () => {
    const answer = await request('GET /auth/verify', ['X-Request-Id: trace-7', 'X-Forwarded-For: 203.0.113.7'])
    expect(answer.status).toBe(401)
    expect(answer.head).toMatch(/www-authenticate: Bearer realm="sallyport"\r\n/)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'unauthenticated', request_id: 'trace-7' })
    expect(seen[0]?.client).toMatchObject({ ipAddress: '203.0.113.7', requestId: 'trace-7' })
  })

  it('answer the same through `fetch`', async () => {
    const answer = await sample.send('GET', '/auth/verify?x=1', { headers: { authorization: 'Bearer good' } })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-auth-user-id')).toBe('u1')
    expect((await sample.send('GET', '/auth/verify')).status).toBe(401)
    expect((await sample.send('GET', '/auth/verify/')).status).toBe(404)
  })

  it('do not take an unread body for the next request', async () => {
    const body = 'GET /auth/open HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const answer = await request(
      'POST /auth/verify',
      ['Authorization: Bearer good', `Content-Length: ${body.length}`],
      body,
    )
    expect(answer.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })
})

it('answers HTTP/1.0 without a Host, as load balancers ask whether a server lives', async () => {
  const answer = await sendRaw(port, 'GET /auth/open HTTP/1.0\r\n\r\n')
  expect(answer.status).toBe(200)
})

it('keeps a well-formed X-Request-Id where it refuses the form of a request, too', async () => {
  const head = 'GET /auth/"open HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: '
  expect((await sendRaw(port, `${head}proxy-17\r\n\r\n`)).head).toMatch(/^x-request-id: proxy-17$/im)
  expect((await sendRaw(port, `${head}<script>\r\n\r\n`)).head).toMatch(/^x-request-id: [0-9a-f-]{36}$/im)
})

// ASVS 4.2.1
describe('what never becomes a request', () => {
  const refused = async (bytes: string, status = 400) => {
    const answer = await sendRaw(port, bytes)
    expect(answer.status).toBe(status)
    expect(answer.head).toMatch(/content-type: application\/problem\+json/i)
    expect(answer.head).toMatch(/connection: close/i)
    expect(codeOf(answer.body)).toBe('invalid_request')
    expect(answer.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  }
  const post = 'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const smuggled = 'GET /auth/open HTTP/1.1\r\nHost: localhost\r\n\r\n'

  it.each([
    [
      'Content-Length beside Transfer-Encoding',
      `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['two different Content-Lengths', `${post}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}`],
    ['a Transfer-Encoding of another name', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['chunked that is not last', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `${post}Content-Length : 2\r\n\r\n{}`],
    ['an obsolete line fold', `${post}X-A: b\r\n c\r\n\r\n`],
    ['a bare LF in a header', `POST /auth/login HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n`],
    ['NUL in a header', `${post}X-A: a\0b\r\n\r\n`],
    ['a version that is none of HTTP/1', `POST /auth/login HTTP/2.0\r\nHost: localhost\r\n\r\n`],
    ['another coding below chunked', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    [
      'chunks in HTTP/1.0',
      'POST /auth/login HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a Host of two', `GET /users/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n`],
    ['a chunk size that is no number', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ])('%s', async (_what, bytes) => {
    await refused(bytes + smuggled)
    expect(sample.log.filter(({ route }) => route === '/auth/open')).toHaveLength(0)
  })

  it('is refused with 431 when the headers are too large', async () => {
    await refused(`GET /auth/open HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431)
  })

  it('is refused with 417 where it expects what nobody promises', async () => {
    await refused(`${post}Expect: the unexpected\r\nContent-Length: 2\r\n\r\n{}${smuggled}`, 417)
    expect(sample.log.filter(({ route }) => route === '/auth/open')).toHaveLength(0)
  })

  it.each([
    ['an absolute target', 'GET http://localhost/auth/open HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a raw quote in the target', 'GET /auth/"open HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a backslash in the target', 'GET /auth\\open HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['no Host header', 'GET /auth/open HTTP/1.1\r\n\r\n'],
    ['more headers than 100', `GET /auth/open HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(100)}\r\n`],
    [
      'more headers than Node would count',
      `GET /auth/open HTTP/1.1\r\n${'a:\r\n'.repeat(3000)}Host: localhost\r\n\r\n`,
    ],
    ['two Host headers', 'GET /auth/open HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n'],
    ['a Host with user information', 'GET /auth/open HTTP/1.1\r\nHost: a@localhost\r\n\r\n'],
    [
      'two Authorization headers',
      'GET /users/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\nAuthorization: Bearer poor\r\n\r\n',
    ],
  ])('%s', (_what, bytes) => refused(bytes))

  it('has its twin: the same requests in order are answered', async () => {
    expect((await request('GET /auth/open?a=b')).status).toBe(200)
    expect((await request('GET /users/me', ['Authorization: Bearer good'])).status).toBe(200)
    expect((await request('GET /auth/open', new Array(98).fill('a: b'))).status).toBe(200)
    expect(
      (await request('POST /auth/login', ['Content-Type: application/json', 'Content-Length: 2'], '{}')).status,
    ).toBe(200)
    expect(
      (
        await request(
          'POST /auth/login',
          ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
          '2\r\n{}\r\n0\r\n\r\n',
        )
      ).status,
    ).toBe(200)
  })
})

describe('a client that takes its time', () => {
  /** Sends a piece at once and the rest never; resolves with what came back when the server hung up. */
  const stalled = (bytes: string) => sendRaw(port, bytes)

  it.each([
    ['in its header', 'GET /auth/open HTTP/1.1\r\nHost: loc'],
    [
      'in its body',
      'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('%s is told so and let go, while others are served', async (_where, bytes) => {
    expect(server.headersTimeout).toBeLessThanOrEqual(10_000)
    expect(server.requestTimeout).toBeLessThanOrEqual(30_000)
    server.headersTimeout = 200
    server.requestTimeout = 300
    const slow = stalled(bytes)
    expect((await request('GET /auth/open')).status).toBe(200)
    expect((await slow).status).toBe(408)
    expect((await request('GET /auth/open')).status).toBe(200)
  })

  it('to read is let go as well', async () => {
    expect(server.timeout).toBeLessThanOrEqual(120_000)
    server.timeout = 200
    const socket = connect(port, '127.0.0.1').pause()
    socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20))
    const [peer] = await once(server, 'connection')
    if (!(peer instanceof Socket)) throw new Error('no connection')
    await once(peer, 'close')
    socket.destroy()
  })
})

describe('another spelling of a path', () => {
  it.each([
    '//auth/open',
    '/auth//open',
    '/auth/open/',
    '/./auth/open',
    '/x/../auth/open',
    '/%2e/auth/open',
    '/x/%2E%2e/auth/open',
    '/auth/%6fpen',
    '/auth%2fopen',
    '/auth/open;x=1',
    '/Auth/open',
    '/auth/open%00',
    '/auth/open%20',
    '/auth/verify/',
    '/./auth/verify',
  ])('%s reaches no handler', async (path) => {
    const answer = await request(`GET ${path}`, ['Authorization: Bearer good'])
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('"code":"not_found"')
    expect(seen).toHaveLength(0)
  })

  // What has a body goes by way of a `Request`, whose URL would have such segments resolved.
  it.each(['/./auth/login', '/x/../auth/login', '/%2e/auth/login', '/x/%2E%2e/auth/login'])(
    '%s reaches no handler that writes either',
    async (path) => {
      const headers = ['Content-Type: application/json', 'Content-Length: 2']
      const answer = await request(`POST ${path}`, headers, '{}')
      expect([answer.status, codeOf(answer.body)]).toEqual([404, 'not_found'])
      expect((await request('POST /auth/login', headers, '{}')).status).toBe(200)
    },
  )

  // ASVS 4.1.4, 13.4.4
  it('TRACE and methods nobody knows are refused with what is allowed', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'DELETE']) {
      const answer = await request(`${method} /auth/open`)
      expect(answer.status).toBe(405)
      expect(answer.head).toMatch(/allow: GET, HEAD, OPTIONS/)
    }
  })
})
