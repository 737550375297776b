import { describe, expect, it } from 'vitest'
import { CapturedLogs } from './captured-logs.js'
import { REDACTED, safeFields, safeText } from './log-safety.js'

// ASVS 16.2.5, 16.4.1
describe('what is named like a secret is never written', () => {
  const names = [
    'password',
    'new_password',
    'currentPassword',
    'access_token',
    'refreshToken',
    'session_token',
    'token',
    'csrf_token',
    'secret',
    'jwt_secret',
    'SALLYPORT_SECRET',
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'api_key',
    'mfa_code',
  ]
  for (const name of names) {
    it(`hides ${name}, at the top and inside`, () => {
      const text = JSON.stringify(safeFields({ [name]: 'hunter2', a: { b: [{ [name]: 'hunter2' }] } }))
      expect(text).not.toContain('hunter2')
    })
  }

  it('hides a whole structure under such a name', () => {
    expect(safeFields({ token: { value: 'hunter2' } })).toEqual({ token: REDACTED })
  })

  it('keeps what only sounds alike', () => {
    const fields = { tokens_issued: 3, token_type: 'Bearer', code: 'invalid_token', session_id: 's', passed: 'yes' }
    expect(safeFields(fields)).toEqual(fields)
  })
})

describe('a secret inside a text is cut out', () => {
  it.each([
    ['our tokens', 'refused sps_AbCdEfGhIjKl0123456789 again', `refused sps_${REDACTED} again`],
    ['JWTs', 'got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln', `got ${REDACTED}`],
    [
      'passwords in URLs',
      'cannot reach postgres://app:p@ss@db:5432/x',
      `cannot reach postgres://app:${REDACTED}@db:5432/x`,
    ],
  ])('%s', (_, text, expected) => {
    expect(safeText(text)).toBe(expected)
  })
})

describe('nobody can forge a line or drive the terminal', () => {
  it('writes line breaks, escapes and direction marks as text', () => {
    expect(safeText('a\r\nb\u001b[31mc\u009b2Jd\u2028e\u202ef')).toBe(
      'a\\u000d\\u000ab\\u001b[31mc\\u009b2Jd\\u2028e\\u202ef',
    )
  })

  it('makes names of fields safe too', () => {
    expect(Object.keys(safeFields({ 'a\nb': 1 }))).toEqual(['a\\u000ab'])
  })
})

describe('errors', () => {
  it('are written with type, message, code, frames and cause, and nothing they carry besides', () => {
    const error = Object.assign(new Error('outer\nINFO forged', { cause: new TypeError('inner') }), {
      code: '23505',
      detail: 'Key (email)=(a@b.example) already exists',
    })
    const { error: written } = safeFields({ error })
    expect(written).toMatchObject({
      type: 'Error',
      message: 'outer\\u000aINFO forged',
      code: '23505',
      cause: { type: 'TypeError', message: 'inner' },
    })
    expect(JSON.stringify(written)).not.toContain('a@b.example')
    expect(JSON.stringify(written)).toContain('log-safety.test.ts')
  })
})

it('a structure that contains itself ends', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  expect(JSON.stringify(safeFields(loop))).toContain('[deeper]')
})

it('captured lines are as safe as written ones', () => {
  const logs = new CapturedLogs()
  logs.child({ request_id: 'r' }).warn({ password: 'hunter2' }, 'two\nlines')
  expect(logs.lines).toEqual([
    { level: 'warn', message: 'two\\u000alines', fields: { request_id: 'r', password: REDACTED } },
  ])
})
