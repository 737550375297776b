import { beforeEach, describe, expect, it } from 'vitest'
import { createSampleApp, type SampleApp } from '../../test/http/sample-app.js'

let sample: SampleApp
beforeEach(() => {
  sample = createSampleApp()
})
const login = (remoteAddress: string | undefined = '198.51.100.9', json: unknown = {}) =>
  sample.send('POST', '/auth/login', { json, ...(remoteAddress && { remoteAddress }) })

// ASVS 2.4.1
describe('a limited route', () => {
  it('tells the quota, whatever the answer', async () => {
    for (const [json, status] of [
      [{}, 200],
      [{ remember: 'no' }, 400],
    ] as const) {
      const answer = await login('203.0.113.7', json)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('ratelimit-policy')).toBe('"hashing";q=10;w=60')
      expect(answer.headers.get('ratelimit')).toMatch(/^"hashing";r=[98];t=30$/)
    }
  })

  it('refuses past it with the seconds to wait, and does not run', async () => {
    sample.limit.remaining = 0
    const answer = await login('203.0.113.7')
    expect(answer.status).toBe(429)
    expect(await answer.json()).toMatchObject({ code: 'rate_limited' })
    expect(answer.headers.get('retry-after')).toBe('30')
    expect(answer.headers.get('ratelimit')).toBe('"hashing";r=0;t=30')
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  it('counts an IPv6 household as one, and nobody whose address is unknown: they would share one quota', async () => {
    await login('2001:db8::1')
    await login('2001:db8::2')
    await sample.send('POST', '/auth/login', { json: {} })
    expect(sample.limit.buckets).toEqual(['2001:db8::/64', '2001:db8::/64'])
  })

  it('counts the client that a trusted proxy names, and not what a stranger claims', async () => {
    sample = createSampleApp({ server: { trustProxy: ['10.0.0.0/8'] } })
    const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7' }
    await sample.send('POST', '/auth/login', { headers, remoteAddress: '10.0.0.1' })
    await sample.send('POST', '/auth/login', { headers, remoteAddress: '198.51.100.1' })
    expect(sample.limit.buckets).toEqual(['203.0.113.7', '198.51.100.1'])
  })

  it('says nothing where limits are switched off', async () => {
    sample.limit.enabled = false
    const answer = await login()
    expect(answer.status).toBe(200)
    expect(answer.headers.has('ratelimit')).toBe(false)
  })

  it('is counted however its path is written: another spelling is no route', async () => {
    for (const path of ['//auth/login', '/auth/login/', '/auth/%6cogin', '/auth/login;x=1', '/Auth/login']) {
      expect((await sample.send('POST', path, { json: {}, remoteAddress: '203.0.113.7' })).status).toBe(404)
    }
    // A `Request` resolves dots by itself, so this one is the route, and counts.
    expect((await sample.send('POST', '/./auth/login', { json: {}, remoteAddress: '203.0.113.7' })).status).toBe(200)
    expect(sample.limit.buckets).toHaveLength(1)
  })
})
