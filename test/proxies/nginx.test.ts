import { createServer, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Deployment } from '../faults/deployment.js'
import { untilReady } from '../faults/server-process.js'
import { close, listen, sendRaw } from '../http/raw-socket.js'
import { type Nginx, startNginx } from './nginx-server.js'

const PASSWORD = 'violet-anchor-7-lantern'

/** What the application was sent, in its own words. */
const seenByApplication = z.object({
  url: z.string(),
  method: z.string(),
  headers: z.array(z.string()),
  body: z.string(),
})

const application = createServer(async (request, response) => {
  const seen = { url: request.url, method: request.method, headers: request.rawHeaders, body: await bodyOf(request) }
  response.setHeader('set-cookie', 'theme=dark').end(JSON.stringify(seen))
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
  return body
}

const deployment = new Deployment({
  config: {
    limits: { enabled: false },
    server: { trust_proxy: ['127.0.0.1'] },
    auth: { password: { argon2id: { memory: 64, iterations: 1 } } },
  },
})
let nginx: Nginx
let applicationPort: number
let sallyport: string

beforeAll(async () => {
  applicationPort = await listen(application)
  sallyport = await deployment.serve().url()
  await untilReady(sallyport)
  nginx = await startNginx({ sallyport: Number(new URL(sallyport).port), application: applicationPort })
})

afterAll(async () => {
  await nginx?.stop()
  await close(application)
  await deployment.remove()
})

const get = (path: string, headers: Record<string, string> = {}, through = nginx) =>
  fetch(through.url + path, { headers, redirect: 'manual' })

async function identityIn(answer: Response): Promise<Record<string, string>> {
  const { headers } = seenByApplication.parse(await answer.json())
  const told: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase()
    if (!/^x[-_]auth/.test(name)) continue
    // The second of two would be believed by one application and the first by another.
    expect(told).not.toHaveProperty(name)
    told[name] = headers[at + 1] ?? ''
  }
  return told
}

/** Signs up through the proxy, as a browser does. */
async function browser(email: string) {
  const answer = await fetch(`${nginx.url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: nginx.url },
    body: JSON.stringify({ email, password: PASSWORD, transport: 'cookie' }),
  })
  expect(answer.status).toBe(201)
  const [pair = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';')
  const { user } = z.object({ user: z.object({ id: z.string(), tenant_id: z.string() }) }).parse(await answer.json())
  return { cookie: pair, user, email }
}

describe('nginx with deploy/nginx/sallyport.conf', () => {
  it('sends who is not signed in to the sign-in page, and tells a script so', async () => {
    const page = await get('/orders')
    expect([page.status, page.headers.get('location')]).toEqual([302, '/sign-in'])
    const call = await get('/api/orders', { authorization: 'Bearer nonsense' })
    expect(call.status).toBe(401)
    expect(call.headers.get('www-authenticate')).toMatch(/^Bearer realm="sallyport", error="invalid_token"/)
    expect((await get('/sign-in')).status).toBe(200)
  })

  it('lets who is signed in through, and tells the application who it is', async () => {
    const { cookie, user, email } = await browser('ada@example.com')
    const answer = await get('/orders?page=2', { cookie })
    expect(answer.status).toBe(200)
    expect(await identityIn(answer)).toEqual({
      'x-auth-user-id': user.id,
      'x-auth-tenant-id': user.tenant_id,
      'x-auth-session-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-auth-roles': 'viewer',
      'x-auth-email': email,
    })
  })

  it('lets no guest in, whom anybody may become', async () => {
    const made = await fetch(`${sallyport}/session`, { method: 'POST' })
    expect(made.status).toBe(201)
    const { token } = z.object({ token: z.string() }).parse(await made.json())
    const bearer = { authorization: `Bearer ${token}` }
    expect((await fetch(`${sallyport}/auth/verify`, { headers: bearer })).status).toBe(200)
    expect((await get('/api/orders', bearer)).status).toBe(403)
  })

  it('replaces whatever a caller says of itself, and lets none of it through where nobody is asked', async () => {
    const { cookie, user } = await browser('forger@example.com')
    const forged = {
      'x-auth-user-id': 'root',
      'X-Auth-Roles': 'superadmin',
      'x-auth-email': 'root@example.com',
      'x-auth-tenant-id': 'other',
      x_auth_roles: 'superadmin',
    }
    expect((await get('/orders', forged)).status).toBe(302)
    expect(await identityIn(await get('/orders', { ...forged, cookie }))).toMatchObject({
      'x-auth-user-id': user.id,
      'x-auth-roles': 'viewer',
      'x-auth-email': 'forger@example.com',
    })
    expect(await identityIn(await get('/public/page', { ...forged, cookie }))).toEqual({})
    const twice = await sendRaw(
      nginx.port,
      `GET /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: ${cookie}\r\nX-Auth-Roles: a\r\nX-Auth-Roles: b\r\n\r\n`,
    )
    expect(twice.body.match(/x-auth-roles/gi)).toHaveLength(1)
    expect(twice.body).not.toMatch(/"b"/)
  })

  it('gives a role that a place demands its say, however the place is spelt', async () => {
    const { cookie } = await browser('viewer@example.com')
    for (const path of ['/admin', '/admin/users', '/ADMIN/x', '//admin', '/%61dmin', '/x/../admin', '/admin;a=1']) {
      const raw = await sendRaw(
        nginx.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: ${cookie}\r\n\r\n`,
      )
      expect([path, raw.status]).toEqual([path, 403])
      expect((await get(path)).status).toBe(302)
    }
    const admin = { email: 'boss@example.com' }
    const created = deployment.run(['users', 'create', '--email', admin.email, '--role', 'admin', '--password-stdin'], {
      input: `${PASSWORD}\n`,
    })
    expect((await created.ended).code).toBe(0)
    const signedIn = await fetch(`${nginx.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...admin, password: PASSWORD }),
    })
    const { access_token } = z.object({ access_token: z.string() }).parse(await signedIn.json())
    expect((await get('/admin/users', { authorization: `Bearer ${access_token}` })).status).toBe(200)
  })

  it('cannot be asked its own questions from outside', async () => {
    const { cookie } = await browser('curious@example.com')
    for (const path of ['/_sallyport/verify', '/_sallyport/verify-admin'])
      expect((await get(path, { cookie })).status).toBe(404)
  })

  it('passes the body on whole, which Sallyport never sees', async () => {
    const { cookie } = await browser('writer@example.com')
    const body = 'x'.repeat(300_000)
    for (const expectation of [{}, { expect: '100-continue' }]) {
      const head = { host: 'x', connection: 'close', cookie, 'content-length': String(body.length), ...expectation }
      const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`)
      const { text } = await sendRaw(nginx.port, `POST /orders HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
      expect(text).toMatch(/HTTP\/1\.1 200/)
      expect(text).toContain(`"method":"POST"`)
      expect(text).toContain(body)
    }
  })

  it('refuses with the next request who has signed out', async () => {
    const { cookie } = await browser('leaving@example.com')
    expect((await get('/api/orders', { cookie })).status).toBe(200)
    const signedOut = await fetch(`${nginx.url}/auth/logout`, {
      method: 'POST',
      headers: { cookie, origin: nginx.url },
    })
    expect(signedOut.status).toBe(204)
    expect((await get('/api/orders', { cookie })).status).toBe(401)
    expect((await get('/orders', { cookie })).status).toBe(302)
  })

  it('hands a renewed cookie on beside those of the application', async () => {
    const { cookie } = await browser('stays@example.com')
    expect((await get('/orders', { cookie })).headers.getSetCookie()).toEqual(['theme=dark'])
    const stateless = await deployment.serve({ env: { AUTH_MODE: 'stateless' } }).url()
    await untilReady(stateless)
    const second = await startNginx({ sallyport: Number(new URL(stateless).port), application: applicationPort })
    try {
      const answer = await get('/orders', { cookie }, second)
      expect(answer.status).toBe(200)
      const [own, renewed = '', ...more] = answer.headers.getSetCookie()
      expect([own, more]).toEqual(['theme=dark', []])
      expect(renewed).toMatch(/^session_id=ey[^;]+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/)
      const [jwt = ''] = renewed.split(';')
      const next = await get('/orders', { cookie: jwt }, second)
      expect([next.status, next.headers.getSetCookie()]).toEqual([200, ['theme=dark']])
    } finally {
      await second.stop()
    }
  })

  it('stays shut when Sallyport is gone, and open where nobody is asked', async () => {
    const lonely = await startNginx({ sallyport: 1, application: applicationPort })
    try {
      for (const path of ['/orders', '/api/orders', '/admin']) {
        expect([path, (await get(path, { authorization: 'Bearer x' }, lonely)).status]).toEqual([path, 500])
      }
      expect((await get('/public/page', {}, lonely)).status).toBe(200)
    } finally {
      await lonely.stop()
    }
  })
})
