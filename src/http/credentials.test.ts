import { describe, expect, it } from 'vitest'
import { SallyportError } from '../contract/sallyport-error.js'
import { readCookie, readCredential } from './credentials.js'

const read = (headers: Record<string, string>, cookieName = 'session_id') =>
  readCredential((name) => headers[name], cookieName)

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof SallyportError) return error.code
    throw error
  }
  return 'accepted'
}

describe('readCredential', () => {
  it('reads one Bearer token, whatever the case of the scheme', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(read({ authorization: `${scheme} sps_a-b.c_d~e+f/g==` })).toEqual({
        token: 'sps_a-b.c_d~e+f/g==',
        source: 'header',
      })
    }
    expect(read({ authorization: 'Bearer   sps_a' })?.token).toBe('sps_a')
  })

  it('reads the session cookie where there is no Authorization header', () => {
    expect(read({ cookie: 'a=b; session_id=sps_a; c=d' })).toEqual({ token: 'sps_a', source: 'cookie' })
    expect(read({ cookie: 'session_id="sps_a"' })?.token).toBe('sps_a')
    expect(read({})).toBeNull()
    expect(read({ cookie: 'session_id=' })).toBeNull()
  })

  it.each([
    ['Bearer', 'invalid_token'],
    ['Bearer ', 'invalid_token'],
    ['Bearer a b', 'invalid_token'],
    ['Bearer a, Bearer b', 'invalid_token'],
    ['Bearer %zz', 'invalid_token'],
    ['Bearer a=b', 'invalid_token'],
    ['Bearer \u00ff', 'invalid_token'],
    ['Bearer a\u0000', 'invalid_token'],
    [`Bearer ${'a'.repeat(9000)}`, 'invalid_token'],
    ['', 'unauthenticated'],
    ['Basic YTpi', 'unauthenticated'],
    ['Basic YTpi, Bearer sps_a', 'unauthenticated'],
    ['Bearersps_a', 'unauthenticated'],
    ['Bearer\tsps_a', 'unauthenticated'],
    ['sps_a', 'unauthenticated'],
  ])('refuses the header `%s` and does not fall back to a good cookie', (authorization, code) => {
    expect(codeOf(() => read({ authorization, cookie: 'session_id=sps_good' }))).toBe(code)
  })

  it('lets the header win over the cookie', () => {
    expect(read({ authorization: 'Bearer sps_header', cookie: 'session_id=sps_cookie' })?.token).toBe('sps_header')
  })

  it('refuses two cookies of the name instead of choosing, even equal ones', () => {
    expect(codeOf(() => read({ cookie: 'session_id=sps_a; session_id=sps_b' }))).toBe('invalid_token')
    expect(codeOf(() => read({ cookie: 'session_id=sps_a; session_id=sps_a' }))).toBe('invalid_token')
    expect(codeOf(() => read({ cookie: 'session_id=; session_id=sps_a' }))).toBe('invalid_token')
  })

  it('takes the name exactly: another case or prefix is another cookie', () => {
    const cookie = '__host-session_id=a; session_id=b; __HOST-session_id=c'
    expect(read({ cookie }, '__Host-session_id')).toBeNull()
    expect(read({ cookie: '__Host-session_id=d' }, '__Host-session_id')?.token).toBe('d')
    expect(read({ cookie: '__proto__=a; constructor=b' }, '__proto__')?.token).toBe('a')
    expect(read({ cookie: 'a=b' }, '__proto__')).toBeNull()
  })

  it('refuses a cookie that cannot be a token, and a jar too full to be honest', () => {
    expect(codeOf(() => read({ cookie: 'session_id=a b' }))).toBe('invalid_token')
    expect(codeOf(() => read({ cookie: 'session_id="a' }))).toBe('invalid_token')
    const jar = (count: number) => `${'x=y; '.repeat(count - 1)}session_id=a`
    expect(codeOf(() => read({ cookie: jar(101) }))).toBe('invalid_token')
    expect(codeOf(() => read({ cookie: jar(100) }))).toBe('accepted')
    expect(codeOf(() => read({ cookie: `x=${'y'.repeat(17_000)}` }))).toBe('invalid_token')
  })
})

describe('readCookie', () => {
  it('reads cookies without an equals sign and with one in the value', () => {
    const header = () => 'lonely; refresh_token=a=; =x'
    expect(readCookie(header, 'refresh_token')).toBe('a=')
    expect(readCookie(header, 'lonely')).toBeNull()
  })
})

describe('the name of a cookie', () => {
  it('is taken without blanks, and with everything else: a neighbour cannot plant a protected name behind U+00A0', () => {
    const cookie = (text: string) => readCookie(() => text, '__Host-session_id')
    expect(cookie(' \t__Host-session_id\t= sps_a ; b=c')).toBe('sps_a')
    for (const blank of ['\u00a0', '\u0085', '\ufeff', '\v', '\f', '\0']) {
      expect(cookie(`${blank}__Host-session_id=sps_a`)).toBeNull()
      expect(cookie(`__Host-session_id${blank}=sps_a`)).toBeNull()
    }
  })

  it('costs no more than its length, however many blanks stand in it', () => {
    const header = `a${' '.repeat(15_900)}b=1`
    // Where each blank were tried anew, this would outlast any test.
    for (let round = 0; round < 2_000; round++) expect(readCookie(() => header, 'session_id')).toBeNull()
  })
})
