import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { problemAnswer } from './problem.js'

const logged: Record<string, unknown>[] = []
const logger = { info: () => undefined, error: (fields: Record<string, unknown>) => logged.push(fields) }
const answer = (error: unknown) => problemAnswer(error, 'r-1', logger)

// ASVS 4.1.1, 16.5.1
describe('problemAnswer', () => {
  it('has the members of RFC 9457 and of the contract', () => {
    const { status, headers, body } = answer(
      new SallyportError('invalid_request', { errors: [{ path: 'email', message: 'is required' }] }),
    )
    expect(status).toBe(400)
    expect(headers).toEqual({ 'content-type': 'application/problem+json' })
    expect(JSON.parse(body)).toEqual({
      type: 'https://sallyport.dev/errors/invalid_request',
      title: ERROR_CODES.invalid_request.title,
      status: 400,
      detail: ERROR_CODES.invalid_request.action,
      code: 'invalid_request',
      request_id: 'r-1',
      errors: [{ path: 'email', message: 'is required' }],
    })
  })

  it('says when to come back, in whole seconds and never at once', () => {
    const waitOf = (retryAfter: number) =>
      answer(new SallyportError('overloaded', { retryAfter })).headers['retry-after']
    expect([waitOf(1.2), waitOf(0), waitOf(30)]).toEqual(['2', '1', '30'])
  })

  it.each([
    ['unauthenticated', 'Bearer realm="sallyport"'],
    ['invalid_credentials', 'Bearer realm="sallyport"'],
    ['mfa_required', 'Bearer realm="sallyport"'],
  ] as const)('challenges after %s without an error: no token was judged', (code, value) => {
    expect(answer(new SallyportError(code)).headers['www-authenticate']).toBe(value)
  })

  it.each(['invalid_token', 'token_expired', 'session_revoked', 'token_reused'] as const)(
    'challenges after %s with invalid_token',
    (code) => {
      expect(answer(new SallyportError(code)).headers['www-authenticate']).toMatch(
        /^Bearer realm="sallyport", error="invalid_token", error_description="[\x20-\x21\x23-\x5B\x5D-\x7E]+"$/,
      )
    },
  )

  it('asks for a stronger authentication as RFC 9470 does', () => {
    expect(answer(new SallyportError('reauthentication_required')).headers['www-authenticate']).toMatch(
      /error="insufficient_user_authentication"/,
    )
  })

  it('cannot be made to break a header', () => {
    const { headers } = answer(new SallyportError('invalid_token', { detail: 'a"b\\c\r\nSet-Cookie: x=é' }))
    expect(headers['www-authenticate']).toMatch(/error_description="a'b'c''Set-Cookie: x='"$/)
  })

  it('shows nothing of an unexpected error and logs all of it', () => {
    logged.length = 0
    for (const thrown of [new TypeError('password hash'), 'text', null, undefined]) {
      const { status, body } = answer(thrown)
      expect(status).toBe(500)
      expect(body).not.toMatch(/password|TypeError|text/)
    }
    expect(logged).toHaveLength(4)
    expect(logged[0]).toMatchObject({ request_id: 'r-1', code: 'internal', err: { message: 'password hash' } })
  })

  it('logs nothing for a refusal', () => {
    logged.length = 0
    answer(new SallyportError('invalid_credentials'))
    expect(logged).toHaveLength(0)
  })
})
