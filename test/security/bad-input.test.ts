import { expect, it } from 'vitest'
import { z } from 'zod'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { bearer, codeOf, newcomer, newEmail, PASSWORD, standingOf } from '../flows/people.js'

const WRITES = [
  ['POST', '/auth/register'],
  ['POST', '/auth/login'],
  ['POST', '/auth/refresh'],
  ['PATCH', '/auth/me'],
] as const

const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`

/** Bodies that are no JSON object, or not one that every reader would read alike. */
const NOT_JSON: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  '{',
  'x',
  '{"email":"a@example.com",}',
  "{'email':'a@example.com'}",
  '{"email":"a@example.com"} x',
  '\ufeff{}',
  '{"email":"a@example.com","email":"b@example.com"}',
  '{"email":"a@example.com","\\u0065mail":"b@example.com"}',
  '{"email":"a@example.com\u0000"}',
  '{"a":"\\ud800"}',
  '{"\\u0000":1}',
  deep(40),
  deep(20_000),
  new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  'null',
  '[]',
  '"text"',
  '1',
  'true',
  '[{"email":"a@example.com","password":"correct horse"}]',
]

/** What stands where a text is expected. */
const NO_TEXT: readonly unknown[] = [null, true, 1, {}, [], ['a'], { $ne: null }, { $gt: '' }, { toString: 'x' }, [[]]]

// ASVS 2.2.1, 8.2.3
describeEachAuth('Input that is not as described', (stage) => {
  it.each(WRITES)('is refused at %s %s as a body', async (method, path) => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const headers = { ...bearer(access_token), 'content-type': 'application/json' }
    for (const body of NOT_JSON) {
      const answer = await auth.request(path, { method, headers, body })
      const shown = typeof body === 'string' ? body.slice(0, 80) : 'bytes'
      expect([shown, answer.status]).toEqual([shown, 400])
      expect(await codeOf(answer)).toBe('invalid_request')
    }
    const large = JSON.stringify({ email: newEmail(), password: 'x'.repeat(1_000_000) })
    expect(await codeOf(await auth.request(path, { method, headers, body: large }))).toBe('payload_too_large')
  })

  it.each(WRITES)('is refused at %s %s in another content type', async (method, path) => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      'application/jsonp',
      'application/json, text/plain',
      'application/problem+json',
      'text/json',
      '',
    ]
    for (const type of types) {
      const headers = { ...bearer(access_token), 'content-type': type }
      const answer = await auth.request(path, { method, headers, body: '{}' })
      expect([type, answer.status, await codeOf(answer)]).toEqual([type, 415, 'unsupported_media_type'])
    }
    const encoded = { ...bearer(access_token), 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const answer = await auth.request(path, { method, headers: encoded, body: '{}' })
    expect(await codeOf(answer)).toBe('unsupported_media_type')
  })

  it('is refused by the field, in plain words that do not repeat it', async () => {
    const auth = await stage.open()
    const { email, access_token } = await newcomer(auth)
    const good = { email, password: PASSWORD }
    const fields = [
      ['POST', '/auth/register', { email: newEmail(), password: PASSWORD }, ['email', 'password', 'username']],
      ['POST', '/auth/register', { email: newEmail(), password: PASSWORD }, ['tenant_id', 'transport']],
      ['POST', '/auth/login', good, ['email', 'password', 'tenant_id', 'transport', 'mfa_code']],
      ['POST', '/auth/refresh', {}, ['refresh_token']],
      ['PATCH', '/auth/me', {}, ['username']],
    ] as const
    for (const [method, path, rest, names] of fields) {
      for (const name of names) {
        for (const value of NO_TEXT) {
          const problem = await refusalOf(auth, method, path, { ...rest, [name]: value }, access_token)
          const paths = new Set(problem.errors?.map((error) => error.path))
          expect([path, name, value, paths]).toEqual([path, name, value, new Set([name])])
        }
      }
    }
    for (const remember of [null, 'true', 1, 0, {}, []]) {
      const problem = await refusalOf(auth, 'POST', '/auth/login', { ...good, remember }, access_token)
      expect(problem.errors).toEqual([{ path: 'remember', message: 'must be true or false' }])
    }
    const secret = 'do-not-repeat-me'
    const problem = await refusalOf(auth, 'POST', '/auth/login', { email: secret, transport: secret }, access_token)
    expect(JSON.stringify(problem)).not.toContain(secret)
    expect(problem.errors?.map(({ path }) => path).sort()).toEqual(['email', 'password', 'transport'])
  })

  it('is refused where a field is missing', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    for (const path of ['/auth/register', '/auth/login']) {
      for (const [json, missing] of [
        [{}, ['email', 'password']],
        [{ email: newEmail() }, ['password']],
        [{ password: PASSWORD }, ['email']],
      ] as const) {
        const { errors } = await refusalOf(auth, 'POST', path, json, access_token)
        const told = errors?.toSorted((one, other) => one.path.localeCompare(other.path))
        expect(told).toEqual(missing.map((name) => ({ path: name, message: 'is required' })))
      }
      const empty = await auth.request(path, { method: 'POST' })
      expect(await codeOf(empty)).toBe('invalid_request')
    }
  })

  it.each([
    'a',
    '@example.com',
    'a@',
    'a@b@',
    'a b@example.com',
    'a@exa mple.com',
    'a@example.com,b@example.com',
    'a@example.com\r\nBcc: b@example.com',
    '<a@example.com>',
    'a@[127.0.0.1]',
    'a@-example.com',
    'a@example..com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(250)}.com`,
    "a@example.com' or '1'='1",
    'a@example.com\u0000',
    'a@example.com/../b',
    '\u202ea@example.com',
  ])('is refused as an address: %j', async (email) => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const { errors } = await refusalOf(auth, 'POST', '/auth/register', { email, password: PASSWORD }, access_token)
    expect(errors?.map(({ path }) => path)).toEqual(['email'])
  })

  it('is refused only after authentication and CSRF, in that order', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const request = (headers: Record<string, string>) =>
      auth.request('/auth/me', { method: 'PATCH', headers: { 'content-type': 'text/plain', ...headers }, body: '{' })
    const foreign = { origin: 'https://evil.example' }
    expect(await codeOf(await request(foreign))).toBe('unauthenticated')
    expect(await codeOf(await request({ ...foreign, cookie: `session_id=${access_token}` }))).toBe('csrf_rejected')
    expect(await codeOf(await request({ ...foreign, ...bearer(access_token) }))).toBe('unsupported_media_type')
  })

  it('names another method or another path', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const headers = bearer(access_token)
    const allowed = [
      ['/auth/login', 'OPTIONS, POST'],
      ['/auth/register', 'OPTIONS, POST'],
      ['/auth/refresh', 'OPTIONS, POST'],
      ['/auth/logout', 'OPTIONS, POST'],
      ['/auth/me', 'GET, HEAD, OPTIONS, PATCH'],
      ['/users/me', 'GET, HEAD, OPTIONS'],
      ['/auth/sessions', 'DELETE, GET, HEAD, OPTIONS'],
      ['/auth/sessions/x', 'DELETE, OPTIONS'],
      ['/health/live', 'GET, HEAD, OPTIONS'],
    ] as const
    for (const [path, allow] of allowed) {
      const answer = await auth.request(path, { method: 'PUT', headers })
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow])
      expect(await codeOf(answer)).toBe('method_not_allowed')
    }
    const absent = [
      '/',
      '/auth',
      '/auth/',
      '/auth/me/',
      '/auth//me',
      '/Auth/me',
      '/auth/%6de',
      '/auth/me%00',
      '/auth/me;x=1',
      '/auth/.env',
      '/api/users/me',
      '/auth/users/me',
      '/auth/login-bypass',
      '/admin/users',
    ]
    for (const path of absent) {
      const answer = await auth.request(path, { headers })
      expect([path, answer.status]).toEqual([path, 404])
      expect(await codeOf(answer)).toBe('not_found')
    }
    expect(await standingOf(auth, access_token)).toBe('200')
  })
})

describeEachAuth('Fields that nobody may set', (stage) => {
  const WISHES = {
    id: '019b0000-0000-7000-8000-000000000001',
    user_id: '019b0000-0000-7000-8000-000000000001',
    role: 'admin',
    roles: ['superadmin'],
    permissions: ['*'],
    email_verified: true,
    is_admin: true,
    is_guest: true,
    created_at: '1999-01-01T00:00:00Z',
    credential_version: 99,
    credentialVersion: 99,
    disabled_at: null,
    password_hash: 'x',
    session: { id: 'x' },
    constructor: { prototype: { roles: ['admin'] } },
  }

  it('are ignored in a registration, a sign-in and a change of the profile', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth, WISHES)
    expect(person.user).toMatchObject({
      roles: ['viewer'],
      email_verified: false,
      created_at: '2026-01-01T00:00:00.000Z',
    })
    expect(person.user_id).not.toBe(WISHES.id)

    const json = { ...WISHES, email: 'somebody-else@example.com', password: 'another password', tenant_id: WISHES.id }
    const answer = await auth.request('/auth/me', {
      method: 'PATCH',
      headers: { ...bearer(person.access_token), 'content-type': 'application/json' },
      body: JSON.stringify({ ...json, username: 'Renamed' }),
    })
    expect(await answer.json()).toMatchObject({ ...person.user, username: 'Renamed' })
    const again = await auth.api.login({ email: person.email, password: PASSWORD, ...WISHES })
    expect(again.user).toMatchObject({ id: person.user_id, roles: ['viewer'], emailVerified: false })
    const row = await (await stage.db())
      .selectFrom('users')
      .selectAll()
      .where('id', '=', person.user_id)
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ email: person.email, email_verified: 0, is_guest: 0, credential_version: 1 })
  })

  it('do not come in by the prototype', async () => {
    const auth = await stage.open()
    const email = newEmail()
    const body = `{"email":"${email}","password":"${PASSWORD}","__proto__":{"roles":["admin"],"isAdmin":true,"tenant_id":"x"}}`
    const answer = await auth.request('/auth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({ user: { roles: ['viewer'] } })
    expect(Object.keys(Object.prototype)).toEqual([])
    expect('isAdmin' in {}).toBe(false)
  })
})

const refusal = z.object({
  code: z.literal('invalid_request'),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})

async function refusalOf(auth: TestAuth, method: string, path: string, json: unknown, token: string) {
  const headers = { ...bearer(token), 'content-type': 'application/json' }
  const answer = await auth.request(path, { method, headers, body: JSON.stringify(json) })
  expect(answer.status).toBe(400)
  return refusal.parse(await answer.json())
}
