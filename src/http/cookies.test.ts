import { describe, expect, it } from 'vitest'
import { createSampleApp } from '../../test/http/sample-app.js'
import { createCookieJar, setCookieHeaders } from './cookies.js'

const jarOf = (publicUrl: string | null) =>
  createCookieJar({
    server: { publicUrl, basePaths: ['/auth', '/api/auth'], trustProxy: [], cors: { origins: [] } },
  })
const change = { kind: 'set', accessToken: 'sps_a', refreshToken: 'spr_b', maxAge: 3600.9 } as const

// ASVS 3.3.1, 3.3.2, 3.3.3
describe('cookies', () => {
  it('carry the prefixes of https, and the refresh token goes to the refresh endpoints alone', () => {
    expect(setCookieHeaders(jarOf('https://accounts.example.com'), change)).toEqual([
      '__Host-session_id=sps_a; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax',
      '__Secure-refresh_token=spr_b; Path=/auth/refresh; Max-Age=3600; Secure; HttpOnly; SameSite=Lax',
      '__Secure-refresh_token=spr_b; Path=/api/auth/refresh; Max-Age=3600; Secure; HttpOnly; SameSite=Lax',
    ])
  })

  it.each([null, 'http://127.0.0.1:3000'])(
    'have plain names with the public URL %s, and are Secure all the same',
    (url) => {
      expect(setCookieHeaders(jarOf(url), change)[0]).toBe(
        'session_id=sps_a; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax',
      )
    },
  )

  it('end with the browser where no age is given', () => {
    for (const value of setCookieHeaders(jarOf(null), { ...change, maxAge: null })) expect(value).not.toMatch(/Max-Age/)
  })

  it('are cleared with the very attributes they were set with', () => {
    const shape = (value: string) => value.replace(/=[^;]*/, '=').replace(/Max-Age=\d+/, 'Max-Age')
    const jar = jarOf('https://accounts.example.com')
    const cleared = setCookieHeaders(jar, { kind: 'clear' })
    expect(cleared.map(shape)).toEqual(setCookieHeaders(jar, change).map(shape))
    for (const value of cleared) expect(value).toMatch(/^[^=]+=; .*Max-Age=0;/)
  })

  it('never name a domain, and are refused when they would break the header or the browser', () => {
    const jar = jarOf(null)
    expect(setCookieHeaders(jar, change).join()).not.toMatch(/domain/i)
    for (const accessToken of ['a;b', 'a\r\nb', 'a b', 'é']) {
      expect(() => setCookieHeaders(jar, { ...change, accessToken })).toThrow(/^Cookie session_id/)
    }
    const tooLarge = { ...change, accessToken: 'a'.repeat(4096 - 'session_id'.length + 1) }
    expect(() => setCookieHeaders(jar, tooLarge)).toThrow(/larger than what browsers keep/)
  })

  it('come from a reply and are read again', async () => {
    const sample = createSampleApp()
    const answer = await sample.send('POST', '/auth/login', { json: { remember: false } })
    expect(answer.headers.getSetCookie()).toEqual([
      'session_id=sps_a; Path=/; Secure; HttpOnly; SameSite=Lax',
      'refresh_token=spr_b; Path=/auth/refresh; Secure; HttpOnly; SameSite=Lax',
      'refresh_token=spr_b; Path=/api/auth/refresh; Secure; HttpOnly; SameSite=Lax',
    ])
    const logout = (headers: Record<string, string>) => sample.send('POST', '/auth/logout', { headers })
    expect((await logout({ cookie: 'session_id=a; refresh_token=b' })).headers.get('x-saw')).toBe('a b')
  })

  it('do not stop a route that needs no authentication, however broken they are', async () => {
    const sample = createSampleApp()
    const logout = (headers: Record<string, string>) => sample.send('POST', '/auth/logout', { headers })
    for (const headers of [
      { cookie: 'session_id=a; session_id=b; refresh_token=c; refresh_token=d' },
      { authorization: 'Bearer a b', cookie: 'session_id=a' },
      { authorization: 'Basic x', cookie: 'session_id=a' },
    ]) {
      const answer = await logout(headers)
      expect(answer.status).toBe(204)
      expect(answer.headers.get('x-saw')).toBe('none none')
      expect(answer.headers.getSetCookie()).toHaveLength(3)
    }
  })
})
