import { describe, expect, it, vi } from 'vitest'
import { createSampleApp, identity } from '../../test/http/sample-app.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Door, DoorReply, DoorRequest, Shortcut } from './door.js'
import { callOf } from './http-app.js'

function doorThat(answer: (request: DoorRequest) => Promise<DoorReply>): Door {
  return {
    operation: {
      operationId: 'verify',
      summary: 'Forward auth',
      tag: 'services',
      authentication: 'required',
      responses: { 200: { description: 'Signed in' } },
      errors: [],
    },
    paths: () => ['/auth/verify'],
    answer,
  }
}
const knock = (answer: (request: DoorRequest) => Promise<DoorReply>, headers: Record<string, string> = {}) => {
  const sample = createSampleApp({
    doors: [doorThat(answer)],
    server: { trustProxy: ['10.0.0.0/8'], cors: { origins: ['https://app.example.com'] } },
  })
  return { sample, reply: sample.send('GET', '/auth/verify', { headers, remoteAddress: '10.0.0.1' }) }
}

describe('a door', () => {
  it('is told who asks, by the header that the caller names in any case', async () => {
    let seen: DoorRequest | undefined
    const { reply } = knock(
      async (request) => {
        seen = request
        return { status: 200, fields: ['x-auth-user-id', 'u1'], body: null }
      },
      { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'nginx', 'x-request-id': 'r-1', authorization: 'Bearer a' },
    )
    const answer = await reply
    expect(answer.headers.get('x-request-id')).toBe('r-1')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('x-auth-user-id')).toBe('u1')
    expect(seen?.client).toEqual({ ipAddress: '203.0.113.7', userAgent: 'nginx', requestId: 'r-1', locale: null })
    expect(seen?.header('Authorization')).toBe('Bearer a')
    expect(seen?.header('cookie')).toBeUndefined()
  })

  it('has no CORS and knows no preflight: a 2xx would be an access decision', async () => {
    const sample = createSampleApp({
      doors: [
        doorThat(async () => {
          throw new SallyportError('unauthenticated')
        }),
      ],
      server: { cors: { origins: ['https://app.example.com'] } },
    })
    const answer = await sample.send('OPTIONS', '/auth/verify', {
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
    })
    expect(answer.status).toBe(401)
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
  })

  it('is asked at once first, and refuses at once', async () => {
    const answer = vi.fn(async () => ({ status: 200, fields: [], body: null }))
    const recall = vi.fn<NonNullable<Door['recall']>>(() => ({
      status: 200,
      fields: ['x-auth-user-id', 'u2'],
      body: null,
    }))
    const { app, send } = createSampleApp({ doors: [{ ...doorThat(answer), recall }] })
    const call = callOf(new Request('http://127.0.0.1/auth/verify?role=viewer'))
    expect(app.knock(call)).toMatchObject({ status: 200, fields: expect.arrayContaining(['x-auth-user-id', 'u2']) })
    recall.mockImplementation(() => {
      throw new SallyportError('forbidden')
    })
    expect(app.knock(call)).toMatchObject({ status: 403 })
    expect(answer).not.toHaveBeenCalled()
    recall.mockReturnValue(null)
    expect((await send('GET', '/auth/verify')).status).toBe(200)
    expect(answer).toHaveBeenCalledTimes(1)
  })

  it('answers what goes wrong as a problem, and logs it', async () => {
    for (const answer of [
      () => Promise.reject(new Error('select secret')),
      async () => ({ status: 200, fields: ['x-auth-email', 'a\r\nset-cookie: b=c'], body: null }),
      async () => ({ status: 200, fields: ['x-auth-email', '\u{1f600}'], body: null }),
    ]) {
      const { sample, reply } = knock(answer)
      const refused = await reply
      expect(refused.status).toBe(500)
      expect(refused.headers.has('set-cookie')).toBe(false)
      expect(await refused.json()).toMatchObject({ code: 'internal' })
      expect(sample.log).toHaveLength(1)
    }
  })
})

describe('a shortcut', () => {
  const APP = 'https://app.example.com'
  /** Of the sample's `GET /users/me`: memory knows `good` alone. */
  function worldOf(server: { readonly cors?: { readonly origins: string[] } } = {}) {
    const recall = vi.fn<Shortcut['recall']>(({ header }) => {
      if (header('authorization') === 'Bearer contradictory') throw new SallyportError('forbidden')
      if (header('authorization') !== 'Bearer good') return null
      const credential = { token: 'good', source: 'header' } as const
      return { reply: { status: 200, body: { id: identity.userId } }, caller: { credential, identity } }
    })
    const shortcut: Shortcut = { routes: [{ base: 'root', path: '/users/me' }], isLogged: true, recall }
    return { recall, ...createSampleApp({ server, shortcuts: [shortcut] }) }
  }
  const good = { authorization: 'Bearer good', 'x-request-id': 'the-same' }

  it.each([{ origins: [] }, { origins: [APP] }])('answers and is logged as the route is ($origins)', async (cors) => {
    const { send, recall, log } = worldOf({ cors })
    const routed = await createSampleApp({ server: { cors } }).send('GET', '/users/me', { headers: good })
    const answer = await send('GET', '/users/me', { headers: good })
    expect([...answer.headers]).toEqual([...routed.headers])
    expect(await answer.text()).toBe(await routed.text())
    expect(recall).toHaveBeenCalledTimes(1)
    expect(log).toMatchObject([{ request_id: 'the-same', method: 'GET', route: '/users/me', status: 200 }])
  })

  it('leaves other methods, and pages of another origin, to the route', async () => {
    const { send, recall } = worldOf({ cors: { origins: [APP] } })
    const answer = await send('GET', '/users/me', { headers: { ...good, origin: APP } })
    expect(answer.headers.get('access-control-allow-origin')).toBe(APP)
    expect((await send('HEAD', '/users/me', { headers: good })).status).toBe(200)
    expect((await send('DELETE', '/users/me', { headers: good })).status).toBe(405)
    expect(recall).not.toHaveBeenCalled()
  })

  it('leaves every no to the route', async () => {
    const { send, recall } = worldOf()
    for (const token of ['contradictory', 'expired', 'bad']) {
      expect((await send('GET', '/users/me', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
    }
    expect(recall).toHaveBeenCalledTimes(3)
  })
})
