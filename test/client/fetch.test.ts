import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../src/client/index.js'
import { createTestAuth, TEST_ORIGIN, type TestAuth } from '../../src/testing/index.js'
import { Device } from './device.js'

const account = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
const portOf = z.object({ port: z.number() })

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
  await auth.api.register(account)
})
afterAll(() => auth.close())

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${portOf.parse(server.address()).port}`
}

describe('over real sockets', () => {
  it('only an allowed origin sees the token, whoever redirects', async () => {
    const seen: (string | undefined)[] = []
    const foreign = await serve(({ headers }, response) => {
      seen.push(headers.authorization)
      response.end('foreign')
    })
    const sallyport = getRequestListener((request) => auth.handler(request))
    const own = await serve((request, response) => {
      if (request.url === '/api/away') response.writeHead(302, { location: `${foreign}/x` }).end()
      else if (request.url === '/api/near') response.writeHead(302, { location: '/api/here' }).end()
      else if (request.url === '/api/here') response.end(request.headers.authorization ?? 'none')
      else void sallyport(request, response)
    })
    const client = createClient({ baseUrl: own })
    onTestFinished(() => client.close())
    await client.login(account)
    const token = await client.accessToken()

    expect(await (await client.fetch('/api/here')).text()).toBe(`Bearer ${token}`)
    expect(await (await client.fetch('/api/near')).text()).toBe(`Bearer ${token}`)
    expect(await (await client.fetch('/api/away')).text()).toBe('foreign')
    expect(await (await client.fetch(`${foreign}/y`)).text()).toBe('foreign')
    expect(await (await client.fetch(new Request(`${foreign}/z`))).text()).toBe('foreign')
    expect(seen).toEqual([undefined, undefined, undefined])

    const wider = createClient({ baseUrl: own, origins: [foreign] })
    onTestFinished(() => wider.close())
    await wider.login(account)
    await wider.fetch(foreign)
    expect(seen.at(-1)).toBe(`Bearer ${await wider.accessToken()}`)
  })

  it('a server that redirects a sign-in gets no password', async () => {
    const seen: string[] = []
    const elsewhere = await serve(({ url }, response) => {
      seen.push(url ?? '')
      response.end()
    })
    const base = await serve((_request, response) => void response.writeHead(307, { location: elsewhere }).end())
    await expect(createClient({ baseUrl: base }).login(account)).rejects.toMatchObject({ code: 'network' })
    expect(seen).toEqual([])
  })

  it('what is sent again, and what is refused, can be read whatever was collected meanwhile', async () => {
    setFlagsFromString('--expose-gc')
    const gc: () => void = runInNewContext('gc')
    const collect = async () => {
      for (let turn = 0; turn < 3; turn++) {
        gc()
        await setImmediate()
      }
    }
    const bodies: string[] = []
    const sallyport = getRequestListener(async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname !== '/api/write') {
        if (pathname === '/auth/refresh') await collect()
        return auth.handler(request)
      }
      bodies.push(await request.text())
      const code = bodies.length === 1 ? 'token_expired' : 'reauthentication_required'
      const headers = { 'content-type': 'application/problem+json' }
      return new Response(JSON.stringify({ code }), { status: 401, headers })
    })
    const own = await serve((request, response) => void sallyport(request, response))
    const client = createClient({ baseUrl: own })
    onTestFinished(() => client.close())
    await client.login(account)
    const refused = await client.fetch(new Request(`${own}/api/write`, { method: 'POST', body: 'what was written' }))
    await collect()
    expect(await refused.json()).toEqual({ code: 'reauthentication_required' })
    expect(bodies).toEqual(['what was written', 'what was written'])
  })

  it('what is no Sallyport is told apart', async () => {
    const base = await serve((_request, response) => void response.end('<!doctype html>'))
    const client = createClient({ baseUrl: base })
    await expect(client.login(account)).rejects.toMatchObject({ code: 'unexpected_answer' })
    await expect(client.guest()).rejects.toMatchObject({ code: 'unexpected_answer' })
    expect((await client.session.ready()).status).toBe('signed-out')
  })
})

describe("the application's own API", () => {
  /** Answers whatever is no endpoint of the server itself. */
  async function withApi(kind: 'memory' | 'cookie', api: (headers: Headers, method: string, body: string) => Response) {
    const device = new Device(auth)
    const bodies: string[] = []
    device.network = async ({ path, headers, method, body }, send) => {
      if (!path.startsWith('/api/x')) return send()
      bodies.push(body)
      return api(headers, method, body)
    }
    const tab = device.tab({ kind, autoRefresh: false })
    await tab.client.login(account)
    return { device, bodies, ...tab }
  }

  it('one that answers 401 to everything costs one exchange, and no loop', async () => {
    for (const kind of ['memory', 'cookie'] as const) {
      const { device, client } = await withApi(kind, () => new Response(null, { status: 401 }))
      await device.pass(1000)
      expect((await client.fetch('/api/x')).status).toBe(401)
      expect([device.count('GET /api/x'), device.count('POST /auth/refresh')]).toEqual([2, 1])
      for (let i = 0; i < 10; i++) expect((await client.fetch('/api/x')).status).toBe(401)
      expect([device.count('GET /api/x'), device.count('POST /auth/refresh')]).toEqual([12, 1])
      expect(client.session.current().status).toBe('signed-in')
    }
  })

  it('one that asks for a recent sign-in, or refuses a password, costs none', async () => {
    const answers = [
      new Response(null, {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' },
      }),
      Response.json(
        { code: 'invalid_credentials' },
        { status: 401, headers: { 'content-type': 'application/problem+json' } },
      ),
    ]
    const { device, client } = await withApi('memory', () => answers.pop() ?? new Response())
    expect((await client.fetch('/api/x')).status).toBe(401)
    expect((await client.fetch('/api/x')).status).toBe(401)
    expect(device.count('POST /auth/refresh')).toBe(0)
  })

  it('a body is sent again whole, and a stream not at all', async () => {
    let refusals = 3
    const { device, client, bodies } = await withApi(
      'memory',
      () => new Response(null, { status: refusals-- > 0 ? 401 : 200 }),
    )
    const init = { method: 'POST', body: 'all of it' }
    expect(
      (await client.fetch('/api/x', { ...init, body: new Blob(['all of it']).stream(), duplex: 'half' })).status,
    ).toBe(401)
    expect((await client.fetch(new Request(`${TEST_ORIGIN}/api/x`, init))).status).toBe(401)
    await device.pass(16 * 60_000)
    expect((await client.fetch('/api/x', init)).status).toBe(200)
    expect(bodies).toEqual(Array(4).fill('all of it'))
  })

  it('gets the CSRF token with a write by cookie, and another one where that was of another session', async () => {
    const { device, client } = await withApi('cookie', (headers, method) =>
      Response.json([method, headers.get('x-csrf-token')]),
    )
    const written = await client.fetch('/api/x', { method: 'PUT' })
    expect(await written.json()).toEqual(['PUT', expect.stringMatching(/.{40}/)])
    expect(await (await client.fetch('/api/x')).json()).toEqual(['GET', null])
    // Another tab has signed in, and this one has not heard of it.
    const { client: other } = device.tab({ kind: 'cookie', channel: false })
    await other.login(account)
    expect(await client.call('updateMe', { body: { username: 'Ada' } })).toMatchObject({ username: 'Ada' })
    expect(device.count('GET /auth/csrf')).toBe(2)
  })

  it('follows no redirect with a CSRF token, unless it is told to', async () => {
    const device = new Device(auth)
    const seen: string[] = []
    const fetch: typeof device.fetch = async (input, init) => {
      const { url, redirect } = new Request(input, init)
      if (!url.endsWith('/api/x')) return device.fetch(input, init)
      seen.push(redirect)
      return new Response('done')
    }
    const { client } = device.tab({ kind: 'cookie', fetch })
    await client.login(account)
    for (const init of [{ method: 'POST' }, { method: 'POST', redirect: 'follow' }, {}] as const) {
      await client.fetch('/api/x', init)
    }
    expect(seen).toEqual(['error', 'follow', 'follow'])
  })

  it('is left alone with a credential of its own', async () => {
    const { client } = await withApi('memory', (headers) => Response.json(headers.get('authorization')))
    expect(await (await client.fetch('/api/x', { headers: { authorization: 'Basic eA==' } })).json()).toBe('Basic eA==')
  })
})

describe('waiting', () => {
  it('a busy server is asked again, after as long as it says, for what repeats without harm', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ autoRefresh: false })
    await client.login(account)
    let refusals = 0
    const busy = { code: 'overloaded' }
    const headers = { 'content-type': 'application/problem+json', 'retry-after': '3' }
    device.network = (_sent, send) =>
      refusals-- > 0 ? Promise.resolve(Response.json(busy, { status: 503, headers })) : send()

    refusals = 2
    const me = client.call('me')
    await device.pass(2900)
    expect(device.count('GET /auth/me')).toBe(1)
    await device.pass(8000)
    expect((await me).email).toBe(account.email)
    expect(device.count('GET /auth/me')).toBe(3)

    refusals = 1
    await expect(client.login(account)).rejects.toMatchObject({ code: 'overloaded', retryAfter: 3 })
    refusals = 9
    const failed = client.call('me').catch((error) => error.code)
    await device.pass(30_000)
    expect(await failed).toBe('overloaded')
    expect(device.count('GET /auth/me')).toBe(6)
  })

  it('a lost answer is asked for again where nothing is written, and an abort ends every wait', async () => {
    const device = new Device(auth)
    const { client } = device.tab({ autoRefresh: false })
    await client.login(account)
    let losses = 1
    device.network = (_sent, send) => (losses-- > 0 ? Promise.reject(new TypeError('reset')) : send())
    const me = client.call('me')
    await device.pass(2000)
    expect((await me).email).toBe(account.email)
    losses = 1
    await expect(client.call('forgotPassword', { body: { email: account.email } })).rejects.toMatchObject({
      code: 'network',
    })

    losses = 99
    const abort = new AbortController()
    const waiting = client.call('me', {}, { signal: abort.signal })
    await device.idle()
    const reason = new Error('gone elsewhere')
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(client.call('me', {}, { signal: abort.signal })).rejects.toBe(reason)
  })

  it('an answer that does not come is given up in time', async () => {
    const device = new Device(auth)
    const { client } = device.tab()
    device.network = () => device.never()
    const login = client.login(account, { timeout: 5000 }).catch((error) => error.code)
    await device.pass(5001)
    expect(await login).toBe('timeout')
  })
})

it('an id that is none reaches no other endpoint', async () => {
  const device = new Device(auth)
  const { client } = device.tab()
  await client.login(account)
  for (const id of ['', '.', '..', '../sessions']) {
    await expect(client.call('revokeSession', { params: { id } })).rejects.toThrow()
  }
  expect(device.requests.filter((sent) => sent.startsWith('DELETE'))).toEqual(['DELETE /auth/sessions/..%2Fsessions'])
  expect(client.session.current().status).toBe('signed-in')
})

it('speaks to a server at another base path, for a tenant', async () => {
  const device = new Device(auth)
  const tenantId = (await auth.api.login(account)).user.tenantId
  const seen: (string | null)[] = []
  device.network = ({ headers }, send) => {
    seen.push(headers.get('x-tenant-id'))
    return send()
  }
  const { client } = device.tab({ authPath: '/api/auth', tenantId })
  await client.login(account)
  await client.refresh()
  expect(device.requests).toEqual(['POST /api/auth/login', 'POST /api/auth/refresh'])
  expect(seen).toEqual([tenantId, tenantId])
})
