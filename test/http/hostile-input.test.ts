import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { judgeAnswer } from '../flows/judge-answer.js'

const documentSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

let auth: TestAuth
let operations: { method: string; path: string }[]
let token: string
let people = 0

beforeAll(async () => {
  auth = await createTestAuth()
  const { paths } = documentSchema.parse(auth.openapi())
  operations = Object.entries(paths)
    .filter(([path]) => !path.startsWith('/docs') && path !== '/openapi.json')
    .flatMap(([path, item]) => Object.keys(item).map((method) => ({ method: method.toUpperCase(), path })))
})

// Some operations end the session, so each test signs in anew.
beforeEach(async () => {
  people += 1
  const email = `person${people}@example.com`
  const answer = await auth.request('/auth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'correct horse battery' }),
  })
  token = z.object({ access_token: z.string() }).parse(await answer.json()).access_token
})

afterAll(() => auth.close())

/** Sends it everywhere; every answer must be described, leak nothing, and blame the caller if anybody. */
async function everywhere(init: RequestInit, suffix = ''): Promise<number> {
  for (const { method, path } of operations) {
    const place = path.replace(/\{\w+\}/g, '019b0000-0000-7000-8000-000000000001') + suffix
    const hasBody = method !== 'GET' && init.body !== undefined
    const answer = await auth.request(place, { ...init, method, ...(!hasBody && { body: null }) })
    await judgeAnswer(auth.openapi(), method, place, answer)
    expect(answer.status, `${method} ${place}`).toBeLessThan(500)
  }
  return operations.length
}

describe('every endpoint, given what nobody should send', () => {
  it('is there to be tried', async () => {
    expect(await everywhere({})).toBeGreaterThan(20)
  })

  it.each([
    '',
    'Bearer',
    'Bearer  ',
    'bearer x y',
    'Bearer %zz',
    'Bearer \u00ff\u00fe',
    'Bearer sps_',
    `Bearer sps_${'A'.repeat(43)}`,
    `Bearer spr_${'A'.repeat(90)}`,
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    `Bearer ${'a'.repeat(7000)}`,
    'Basic YTpi',
    'Bearer a, Bearer b',
  ])('answers the header `%s` by its rules', async (authorization) => {
    await everywhere({ headers: { authorization } })
  })

  it.each([
    'session_id=',
    'session_id=a; session_id=b',
    'session_id="unclosed',
    `session_id=${'x'.repeat(5000)}`,
    `${'a=b; '.repeat(180)}session_id=x`,
    '__proto__=x; constructor=y; =; ;;;',
    'refresh_token=spr_x; refresh_token=spr_y',
  ])('answers the cookies `%s` by its rules', async (cookie) => {
    await everywhere({ headers: { cookie } })
  })

  it.each([
    { 'x-tenant-id': "' or 1=1 --" },
    { 'x-tenant-id': '\u00e9'.repeat(2000) },
    { 'x-csrf-token': '[]' },
    { 'x-forwarded-for': '1.2.3.4, nonsense,,' },
    { 'user-agent': '\u00ff<script>'.repeat(300) },
    { host: 'evil.example', origin: 'https://evil.example' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { 'if-none-match': '*' },
  ])('answers the headers %j by its rules', async (headers) => {
    await everywhere({ headers: new Headers(headers) })
    await everywhere({ headers: { ...headers, authorization: `Bearer ${token}` } })
  })

  it.each([
    '?a=1&a=2',
    '?%',
    '?role=%ff',
    '?role=a&role=b',
    '?__proto__[x]=1',
    '?access_token=x',
    `?${'a=b&'.repeat(500)}`,
  ])('answers the query `%s` by its rules', async (query) => {
    await everywhere({ headers: { authorization: `Bearer ${token}` } }, query)
  })

  it.each([
    '{',
    '[]',
    'null',
    '"text"',
    '{"email":{"$gt":""},"password":["a"]}',
    '{"email":"a@example.com\\r\\nBcc: b@example.com","password":"correct horse battery"}',
    '{"email":"a\\u0000@example.com","password":"correct horse battery"}',
    '{"email":"\\ud800@example.com","password":"correct horse battery"}',
    '{"__proto__":{"roles":["superadmin"]},"constructor":{"prototype":{"roles":["superadmin"]}}}',
    `{"email":"a@example.com","password":"${'x'.repeat(60_000)}"}`,
    `{"password":"${'x'.repeat(1_000_000)}"}`,
    `{"a":${'['.repeat(30_000)}`,
    '{"email":"a@example.com","email":"b@example.com"}',
    '{"refresh_token":7}',
    '{"refresh_token":"spr_","username":"","transport":"pigeon"}',
  ])('answers a body by its rules: %.80s', async (body) => {
    await everywhere({ headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body })
    await everywhere({ headers: { 'content-type': 'application/json' }, body })
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])(
    'reads no body of type %s',
    async (type) => {
      await everywhere({ headers: { 'content-type': type }, body: 'email=a@example.com&password=x' })
    },
  )

  it('answers fields of any kind by its rules', async () => {
    const fields = ['email', 'password', 'username', 'tenant_id', 'transport', 'remember', 'refresh_token', 'mfa_code']
    const body = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }))
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        await everywhere({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })
      }),
      { numRuns: 20 },
    )
  })
})
