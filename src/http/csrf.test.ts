import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSampleApp } from '../../test/http/sample-app.js'

const PUBLIC = 'https://accounts.example.com'
const APP = 'https://app.example.com'

async function outcome(answer: Promise<Response>): Promise<string> {
  const { status, ...rest } = await answer.then(async (got) => ({ status: got.status, text: await got.text() }))
  return status < 300 ? 'allowed' : z.object({ code: z.string() }).parse(JSON.parse(rest.text)).code
}

// ASVS 3.5.1, 3.5.2
describe('the origin of a login', () => {
  const sample = createSampleApp({ server: { publicUrl: PUBLIC, cors: { origins: [APP] } } })
  const login = (headers: Record<string, string>) =>
    outcome(sample.send('POST', '/auth/login', { headers, json: {}, origin: PUBLIC }))

  it.each([
    ['its own', PUBLIC],
    ['an allowed one', APP],
  ])('%s is allowed', async (_what, origin) => {
    expect(await login({ origin })).toBe('allowed')
  })

  it.each([
    'https://evil.example',
    'null',
    '',
    'https://accounts.example.com.evil.example',
    'https://evilaccounts.example.com',
    'https://sub.accounts.example.com',
    'http://accounts.example.com',
    'https://accounts.example.com:8443',
    'https://accounts.example.com/',
    'https://ACCOUNTS.example.com',
    'https://user@accounts.example.com',
    'https://accounts.example.com, https://evil.example',
    'javascript://accounts.example.com',
    'file://',
  ])('`%s` is refused', async (origin) => {
    expect(await login({ origin })).toBe('csrf_rejected')
  })

  it('follows what the browser says of the site, unless the origin is listed', async () => {
    expect(await login({ 'sec-fetch-site': 'same-origin' })).toBe('allowed')
    expect(await login({ 'sec-fetch-site': 'none' })).toBe('allowed')
    expect(await login({ 'sec-fetch-site': 'cross-site' })).toBe('csrf_rejected')
    expect(await login({ 'sec-fetch-site': 'same-site' })).toBe('csrf_rejected')
    expect(await login({ 'sec-fetch-site': 'whatever' })).toBe('csrf_rejected')
    expect(await login({ 'sec-fetch-site': 'cross-site', origin: APP })).toBe('allowed')
    expect(await login({ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' })).toBe('csrf_rejected')
  })

  it('is not asked of a client that is no browser', async () => {
    expect(await login({})).toBe('allowed')
  })

  it('counts even where an Authorization header is sent along', async () => {
    expect(await login({ origin: 'https://evil.example', authorization: 'Bearer good' })).toBe('csrf_rejected')
  })
})

describe('without a public URL', () => {
  const sample = createSampleApp()
  const login = (headers: Record<string, string>, origin: string) =>
    outcome(sample.send('POST', '/auth/login', { headers: { ...headers }, json: {}, origin }))

  it('the origin must name the host that was asked', async () => {
    const at = 'http://127.0.0.1:3000'
    expect(await login({ origin: at }, at)).toBe('allowed')
    expect(await login({ origin: 'https://a.example', host: 'A.example:443' }, at)).toBe('allowed')
    expect(await login({ origin: 'http://127.0.0.1:5173' }, at)).toBe('csrf_rejected')
    expect(await login({ origin: 'http://evil.example', host: '127.0.0.1:3000' }, at)).toBe('csrf_rejected')
    expect(await login({ origin: 'http://evil.example', host: 'x@evil.example' }, at)).toBe('csrf_rejected')
    expect(await login({ origin: at, 'sec-fetch-site': 'same-site' }, at)).toBe('csrf_rejected')
  })
})

describe('a write with a cookie', () => {
  const sample = createSampleApp({ server: { publicUrl: PUBLIC, cors: { origins: [APP] } } })
  const write = (headers: Record<string, string>) =>
    outcome(sample.send('POST', '/auth/guarded', { headers, json: { name: 'x' }, origin: PUBLIC }))
  const cookie = '__Host-session_id=good'

  it('needs the token of that caller', async () => {
    expect(await write({ cookie, 'x-csrf-token': 'csrf-good' })).toBe('allowed')
    for (const token of ['', 'csrf-poor', 'csrf-good, csrf-good', '[]']) {
      expect(await write({ cookie, 'x-csrf-token': token })).toBe('csrf_rejected')
    }
    expect(await write({ cookie })).toBe('csrf_rejected')
  })

  it('needs a right origin beside the token', async () => {
    expect(await write({ cookie, 'x-csrf-token': 'csrf-good', origin: 'https://evil.example' })).toBe('csrf_rejected')
    expect(await write({ cookie, 'x-csrf-token': 'csrf-good', origin: APP })).toBe('allowed')
  })

  it('needs neither with an Authorization header, which no browser adds by itself', async () => {
    expect(await write({ authorization: 'Bearer good', origin: 'https://evil.example' })).toBe('allowed')
    expect(await write({ authorization: 'Bearer good', cookie })).toBe('allowed')
  })
})
