import { describe, expect, it } from 'vitest'
import { createSampleApp } from '../../test/http/sample-app.js'

// ASVS 3.2.1, 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 14.3.2
describe('every answer', () => {
  it('carries the defensive headers and may not be stored, a refusal and a preflight too', async () => {
    const sample = createSampleApp()
    for (const [method, path] of [
      ['GET', '/auth/open'],
      ['GET', '/users/me'],
      ['GET', '/nowhere'],
      ['DELETE', '/auth/open'],
      ['OPTIONS', '/auth/open'],
      ['GET', '/auth/broken'],
    ] as const) {
      const { headers } = await sample.send(method, path)
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      })
      for (const absent of ['strict-transport-security', 'server', 'x-powered-by']) {
        expect(headers.has(absent)).toBe(false)
      }
    }
  })

  it('asks for https from then on where the public URL is https', async () => {
    const sample = createSampleApp({ server: { publicUrl: 'https://accounts.example.com' } })
    const answer = await sample.send('GET', '/auth/open')
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
  })
})
