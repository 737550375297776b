import { beforeAll, describe, expect, it } from 'vitest'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { codeOf, tokensOf } from '../flows/people.js'

/** What a request may ask of a server in bypass mode; the second is answered ahead of the router. */
const REQUESTS = [
  ['POST', '/auth/login-bypass'],
  ['GET', '/auth/verify'],
  ['GET', '/auth/me-bypass'],
  ['POST', '/auth/logout-bypass'],
  ['POST', '/auth/login'],
  ['GET', '/health/live'],
  ['GET', '/nothing'],
  ['OPTIONS', '/auth/login-bypass'],
] as const

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'bypass' } } })
  return () => auth.close()
})

interface From {
  readonly headers?: Record<string, string>
  readonly origin?: string
  readonly remoteAddress?: string | null
}

/** As a server or a host application hands it in. */
function ask(method: string, path: string, { headers = {}, origin = 'http://localhost:3000', remoteAddress }: From) {
  const request = new Request(new URL(path, origin), { method, headers })
  return auth.handler(request, remoteAddress === undefined ? undefined : { remoteAddress })
}

async function expectRefusal(from: From): Promise<void> {
  for (const [method, path] of REQUESTS) {
    const answer = await ask(method, path, from)
    expect([method, path, answer.status, await codeOf(answer)]).toEqual([method, path, 403, 'forbidden'])
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.getSetCookie()).toEqual([])
  }
}

async function expectWelcome(from: From): Promise<void> {
  for (const [method, path] of REQUESTS) expect((await ask(method, path, from)).status).not.toBe(403)
  await tokensOf(await ask('POST', '/auth/login-bypass', from))
}

describe('A name that was pointed at this machine (DNS rebinding)', () => {
  it.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    'localhost.',
    'evil-localhost',
    '127.0.0.1.evil.example',
    '192.168.1.7:3000',
    '0.0.0.0:3000',
    '[::]:3000',
    '[::ffff:127.0.0.1]:3000',
    'localhost, evil.example',
    'localhost:3000:3000',
    'user@localhost',
    'localhost:',
    '',
  ])('is refused in Host: %j', (host) => expectRefusal({ headers: { host } }))

  it('is refused in the URL, where a host application hands over no Host', () =>
    expectRefusal({ origin: 'http://evil.example:3000' }))

  it.each(['localhost', 'localhost:3000', 'LOCALHOST:8080', '127.0.0.1:3000', '127.0.0.1', '[::1]:3000', '[::1]'])(
    'is not %s',
    (host) => expectWelcome({ headers: { host } }),
  )
})

describe('A proxy or tunnel in front', () => {
  it.each([
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Forwarded-Server',
    'Forwarded',
    'X-Real-IP',
    'Via',
    'CF-Connecting-IP',
    'True-Client-IP',
  ])('is refused by its %s, whatever it says', async (name) => {
    for (const value of ['127.0.0.1', 'localhost', '']) await expectRefusal({ headers: { [name]: value } })
  })

  it('is not a client with headers of its own', () =>
    expectWelcome({ headers: { 'x-requested-with': 'fetch', 'user-agent': 'story/1', 'x-request-id': 'r-1' } }))
})

describe('Another machine', () => {
  it.each(['203.0.113.7', '192.168.1.7', '10.0.0.1', '2001:db8::1', '::ffff:203.0.113.7', 'unix', ''])(
    'is refused by its address: %j',
    (remoteAddress) => expectRefusal({ remoteAddress }),
  )

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.8.4.2'])('is not %s', (remoteAddress) =>
    expectWelcome({ remoteAddress }),
  )

  it('is not told apart where a host application does not say: it gives the address, or keeps others out itself', () =>
    expectWelcome({ remoteAddress: null }))
})

describe('A page of another origin in the developer’s browser', () => {
  it.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port', { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['no site', { origin: 'null' }],
    ['an image or a link, that name no origin', { 'sec-fetch-site': 'cross-site' }],
  ])('cannot sign in, look or sign out: %s', async (_, headers) => {
    for (const [method, name] of [
      ['POST', 'login'],
      ['GET', 'me'],
      ['POST', 'logout'],
    ] as const) {
      const answer = await ask(method, `/auth/${name}-bypass`, { headers })
      expect([name, answer.status, await codeOf(answer)]).toEqual([name, 403, 'csrf_rejected'])
    }
  })

  it.each([
    ['the page itself', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }],
    ['no browser', {}],
  ])('is not %s', (_, headers) => expectWelcome({ headers }))

  it('cannot use a form', async () => {
    const body = '{"email":"a@b.example"}'
    const request = new Request('http://localhost:3000/auth/login-bypass', { method: 'POST', body })
    expect((await auth.handler(request)).status).toBe(415)
  })
})
