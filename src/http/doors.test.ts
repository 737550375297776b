import { describe, expect, it } from 'vitest'
import { createSampleApp } from '../../test/http/sample-app.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Door, DoorReply, DoorRequest } from './door.js'

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
