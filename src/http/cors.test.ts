import { describe, expect, it } from 'vitest'
import { createSampleApp } from '../../test/http/sample-app.js'

const APP = 'https://app.example.com'
const sample = createSampleApp({ server: { publicUrl: 'https://accounts.example.com', cors: { origins: [APP] } } })
const preflight = (path: string, origin: string) =>
  sample.send('OPTIONS', path, {
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-csrf-token' },
  })
const granted = (answer: Response) => [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))

// ASVS 3.4.2
describe('a listed origin', () => {
  it('may read every answer, with credentials, a refusal too', async () => {
    for (const path of ['/auth/open', '/users/me', '/nowhere', '/auth/broken']) {
      const answer = await sample.send('GET', path, { headers: { origin: APP } })
      expect(answer.headers.get('access-control-allow-origin')).toBe(APP)
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
      expect(answer.headers.get('access-control-expose-headers')).toBe(
        'X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, X-Session-Token, X-Session-Expires-At, WWW-Authenticate',
      )
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(answer.headers.get('vary')).toBe('Origin')
    }
  })

  it('has its preflight answered with the methods of that path, before any authentication', async () => {
    const answer = await preflight('/auth/guarded', APP)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(APP)
    expect(answer.headers.get('access-control-allow-methods')).toBe('OPTIONS, POST')
    expect(answer.headers.get('access-control-allow-headers')).toBe(
      'authorization, content-type, x-csrf-token, x-tenant-id, x-request-id',
    )
    expect((await preflight('/nowhere', APP)).status).toBe(404)
  })
})

describe('any other origin', () => {
  it.each([
    'https://evil.example',
    'null',
    'https://app.example.com.evil.example',
    'https://APP.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    '*',
  ])('`%s` is granted nothing', async (origin) => {
    const answer = await sample.send('GET', '/auth/open', { headers: { origin } })
    expect(granted(answer)).toEqual([])
    expect(answer.headers.get('vary')).toBe('Origin')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    const asked = await preflight('/auth/login', origin)
    expect(asked.status).toBe(204)
    expect(granted(asked)).toEqual([])
  })

  it('is granted nothing where no origin is listed, not even the own one', async () => {
    const closed = createSampleApp()
    const answer = await closed.send('GET', '/auth/open', { headers: { origin: 'http://127.0.0.1:3000' } })
    expect(granted(answer)).toEqual([])
    expect(answer.headers.has('vary')).toBe(false)
  })
})

describe('OPTIONS that is no preflight', () => {
  it('tells the methods of the path', async () => {
    const answer = await sample.send('OPTIONS', '/users/me')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })
})
