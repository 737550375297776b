import { describe, expect, it } from 'vitest'
import { presentedToken } from '../../src/verifier/presented-token.js'

const token = 'ey.a.b'
const authorization = `Bearer ${token}`
const tenant = '0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b'
const fields = { authorization, 'x-tenant-id': tenant }

describe('the token that a verifier looks at', () => {
  it.each([
    ['the token', token, null],
    ['headers', new Headers(fields), tenant],
    ['a Request', new Request('http://localhost/', { headers: fields }), tenant],
    ['a request of node:http', { headers: fields }, tenant],
    ['a request of Express, which has a method of its own', { headers: fields, get: () => undefined }, tenant],
    ['a request without the header', { headers: { authorization }, get: () => undefined }, null],
  ])('is found in %s', (_name, from, tenantHeader) => {
    expect(presentedToken(from, undefined)).toEqual({ token, tenantHeader })
  })

  it('is none where none was sent, or something else', () => {
    const unauthenticated = expect.objectContaining({ code: 'unauthenticated' })
    for (const headers of [{}, { cookie: `session_id=${token}` }, { authorization: 'Basic eDp5' }]) {
      expect(() => presentedToken({ headers }, undefined)).toThrow(unauthenticated)
    }
    const invalid = expect.objectContaining({ code: 'invalid_token' })
    const wrong = ['Bearer', 'Bearer  ', 'bearer x y', 'Bearer %zz', `${authorization}, ${authorization}`]
    for (const text of wrong) {
      expect(() => presentedToken({ headers: { authorization: text } }, undefined)).toThrow(invalid)
    }
  })

  it('is that of the cookie where one is named, and never beside a header', () => {
    const cookie = `a=b; __Host-session_id=${token}`
    const name = '__Host-session_id'
    expect(presentedToken({ headers: { cookie } }, name).token).toBe(token)
    expect(presentedToken({ headers: { cookie, authorization: 'Bearer ey.c.d' } }, name).token).toBe('ey.c.d')
    expect(() => presentedToken({ headers: { cookie: `${cookie}; ${name}=other` } }, name)).toThrow(/more than once/)
    expect(() => presentedToken({ headers: { cookie, authorization: 'Basic eDp5' } }, name)).toThrow(/Authorization/)
  })
})
