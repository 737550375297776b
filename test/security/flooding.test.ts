import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { SECOND } from '../flows/durations.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, refresh, standingOf } from '../flows/people.js'

/** Three hashes a minute, and a proxy in front that tells where a request came from. */
const STRICT = {
  server: { trustProxy: ['127.0.0.1'] },
  limits: { enabled: true, hashing: { requests: 3, window: 60 * SECOND } },
}

// ASVS 6.3.1
describeEachAuth('A flood of passwords from one address', (stage) => {
  it('is told its quota, then refused with the time to wait, and let in again after it', async () => {
    const auth = await stage.open({ config: STRICT })
    const answers = []
    for (let attempt = 0; attempt < 5; attempt++) {
      answers.push(await from(auth, '203.0.113.7', attempt % 2 === 0 ? '/auth/login' : '/api/auth/register'))
      auth.clock.advance(10 * SECOND)
    }
    expect(answers.map(({ status }) => status)).toEqual([401, 201, 401, 429, 429])
    expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual([
      '"hashing";r=2;t=60',
      '"hashing";r=1;t=50',
      '"hashing";r=0;t=40',
      '"hashing";r=0;t=30',
      '"hashing";r=0;t=20',
    ])
    for (const { headers } of answers) expect(headers.get('ratelimit-policy')).toBe('"hashing";q=3;w=60')
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual([null, null, null, '30', '20'])
    const [last] = answers.slice(-1)
    expect(last && (await codeOf(last))).toBe('rate_limited')

    auth.clock.advance(10 * SECOND)
    expect((await from(auth, '203.0.113.7')).status).toBe(401)
  })

  it('keeps nobody else out, and nobody who is signed in', async () => {
    const auth = await stage.open({ config: STRICT })
    const person = await newcomer(auth)
    for (let attempt = 0; attempt < 4; attempt++) await from(auth, '203.0.113.7')
    expect((await from(auth, '203.0.113.7')).status).toBe(429)
    expect((await from(auth, '203.0.113.8')).status).toBe(401)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    expect((await refresh(auth, person.refresh_token)).status).toBe(200)
  })

  it('is one caller over all of an IPv6 network, and however IPv4 is written', async () => {
    const auth = await stage.open({ config: STRICT })
    const statuses = async (...addresses: string[]) => {
      const answers = []
      for (const address of addresses) answers.push((await from(auth, address)).status)
      return answers
    }
    expect(await statuses('2001:db8::1', '2001:db8:0:0:ffff::2', '2001:DB8::3', '2001:db8::4')).toEqual([
      401, 401, 401, 429,
    ])
    expect(await statuses('2001:db8:0:1::1')).toEqual([401])
    expect(await statuses('198.51.100.1', '::ffff:198.51.100.1', '198.51.100.1:4711', '198.51.100.1')).toEqual([
      401, 401, 401, 429,
    ])
  })

  it('cannot claim another address through a header that a stranger wrote', async () => {
    const auth = await stage.open({ config: STRICT })
    const answers = []
    for (let attempt = 0; attempt < 4; attempt++) {
      answers.push((await from(auth, `192.0.2.${attempt}, 203.0.113.99`)).status)
    }
    expect(answers).toEqual([401, 401, 401, 429])
    const behindNothing = await stage.open({ config: { ...STRICT, server: {} } })
    const direct = []
    for (let attempt = 0; attempt < 4; attempt++) direct.push((await from(behindNothing, `192.0.2.${attempt}`)).status)
    expect(direct).toEqual([401, 401, 401, 429])
  })

  it('is counted before anything of the body is looked at', async () => {
    const auth = await stage.open({ config: STRICT })
    const statuses = []
    for (let attempt = 0; attempt < 4; attempt++) {
      const headers = { 'content-type': 'application/json' }
      statuses.push((await auth.request('/auth/login', { method: 'POST', headers, body: '{' })).status)
    }
    expect(statuses).toEqual([400, 400, 400, 429])
  })

  it('has room for an office behind one address by default', async () => {
    const auth = await stage.open({ config: { limits: { enabled: true } } })
    const answer = await from(auth, '127.0.0.1')
    const [, quota] = /;q=(\d+);w=60$/.exec(answer.headers.get('ratelimit-policy') ?? '') ?? []
    expect(Number(quota)).toBeGreaterThanOrEqual(30)
  })

  it('is no other with tokens out of mails, over HTTP and by the library', async () => {
    const limits = { enabled: true, links: { requests: 2, window: 60 * SECOND } }
    const auth = await stage.open({ config: { ...STRICT, limits } })
    const guess = (path: string, address: string) =>
      post(auth, path, { token: `spt_${'A'.repeat(43)}` }, { 'x-forwarded-for': address })
    const paths = ['/auth/email/verify', '/auth/email/change/undo', '/auth/email/verify']
    const answers = []
    for (const path of paths) answers.push(await codeOf(await guess(path, '203.0.113.7')))
    expect(answers).toEqual(['invalid_token', 'invalid_token', 'rate_limited'])
    expect((await guess('/auth/email/verify', '203.0.113.8')).headers.get('ratelimit')).toBe('"links";r=1;t=60')
    const context = { ipAddress: '203.0.113.7' }
    for (const call of [auth.api.email.verify, auth.api.email.undoChange]) {
      await expect(call({ token: 'spt_x' }, context)).rejects.toMatchObject({ code: 'rate_limited' })
    }
  })

  it('is not counted where limits are switched off', async () => {
    const auth = await stage.open({ config: { ...STRICT, limits: { ...STRICT.limits, enabled: false } } })
    for (let attempt = 0; attempt < 6; attempt++) {
      const answer = await from(auth, '203.0.113.7')
      expect(answer.status).toBe(401)
      expect(answer.headers.get('ratelimit')).toBeNull()
    }
  })
})

/** An attempt whose address a proxy told. */
function from(auth: TestAuth, address: string, path = '/auth/login'): Promise<Response> {
  return post(auth, path, { email: newEmail(), password: PASSWORD }, { 'x-forwarded-for': address })
}
