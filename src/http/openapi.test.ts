import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSampleApp, sampleRoutes } from '../../test/http/sample-app.js'
import { defineRoute } from './define-route.js'
import type { Door } from './door.js'

const person = z.object({ id: z.string(), nickname: z.string().nullable() }).meta({ id: 'Person' })
const named = defineRoute({
  method: 'GET',
  base: 'root',
  path: '/people/{id}',
  operationId: 'getPerson',
  summary: 'A person',
  tag: 'people',
  guard: { authentication: 'required', csrf: 'none', permissions: ['people:read'] },
  params: z.object({ id: z.uuid() }),
  responses: {
    200: { description: 'Found', schema: z.object({ person, friends: z.array(person) }) },
    503: { description: 'Asleep', schema: z.object({ until: z.string() }) },
  },
  errors: ['account_locked'],
  handle: async () => ({ status: 200 }),
})
const door: Door = {
  operation: {
    operationId: 'verify',
    summary: 'Forward auth',
    tag: 'services',
    authentication: 'required',
    query: z.object({ role: z.array(z.string()).optional() }),
    responses: { 200: { description: 'Signed in', headers: { 'X-Auth-User-Id': 'Who' } } },
    errors: [],
  },
  paths: (config) => config.server.basePaths.map((base) => `${base}/verify`),
  answer: async () => ({ status: 200, fields: [], body: null }),
}

const header = z.looseObject({ $ref: z.string().optional(), description: z.string().optional() })
const operation = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(
    z.looseObject({ name: z.string(), in: z.string(), required: z.boolean(), schema: z.looseObject({}) }),
  ),
  requestBody: z.looseObject({ required: z.boolean() }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string().min(1),
      headers: z.record(z.string(), header),
      content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })).optional(),
    }),
  ),
})
const documentSchema = z.looseObject({
  openapi: z.literal('3.1.0'),
  servers: z.array(z.object({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.looseObject({ cookie: z.looseObject({ name: z.string() }) }),
  }),
})

const { app } = createSampleApp({ routes: [...sampleRoutes, named], doors: [door] })
const document = documentSchema.parse(app.openapi())
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, described]) => ({ path, method, described })),
)
const find = (operationId: string) => {
  const found = operations.find(({ described }) => described.operationId === operationId)
  if (!found) throw new Error(`No operation ${operationId}`)
  return found
}
const codesOf = (operationId: string) => {
  const { described } = find(operationId)
  const codes = z.object({
    allOf: z.tuple([
      z.unknown(),
      z.object({ properties: z.object({ code: z.object({ enum: z.array(z.string()) }) }) }),
    ]),
  })
  return Object.fromEntries(
    Object.entries(described.responses).flatMap(([status, { content }]) => {
      const problem = content?.['application/problem+json']
      return problem ? [[status, codes.parse(problem.schema).allOf[1].properties.code.enum]] : []
    }),
  )
}

describe('the document', () => {
  it('describes every path under every base path, each operation by an id of its own', () => {
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/auth/login', '/api/auth/login', '/auth/verify', '/api/auth/verify', '/users/me']),
    )
    expect(find('login').path).toBe('/auth/login')
    expect(find('login_2').path).toBe('/api/auth/login')
    const ids = operations.map(({ described }) => described.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('declares every parameter of a path', () => {
    for (const { path, described } of operations) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = described.parameters.filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name)).toEqual(wanted)
      expect(declared.every(({ required }) => required)).toBe(true)
    }
  })

  it('has no reference that leads nowhere', () => {
    const text = JSON.stringify(document)
    const ajv = new Ajv2020({ strict: false, schemas: [{ $id: 'api', components: document.components }] })
    addFormats.default(ajv)
    const references = [...new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? ''))]
    expect(references).toContain('#/components/schemas/Person')
    for (const reference of references) expect(ajv.getSchema(`api${reference}`), reference).toBeDefined()
    expect(text).not.toContain('$defs')
  })

  it('says what each operation can refuse with, by status and code', () => {
    expect(codesOf('guarded')).toEqual({
      400: ['invalid_request'],
      401: ['invalid_token', 'reauthentication_required', 'session_revoked', 'token_expired', 'unauthenticated'],
      403: ['csrf_rejected', 'forbidden'],
      413: ['payload_too_large'],
      415: ['unsupported_media_type'],
      429: ['rate_limited'],
      500: ['internal'],
      503: ['unavailable'],
    })
    expect(codesOf('open')).toEqual({ 500: ['internal'], 503: ['unavailable'] })
    expect(codesOf('getPerson')).toMatchObject({
      400: ['invalid_request'],
      404: ['not_found'],
      423: ['account_locked'],
    })
    expect(codesOf('login')['401']).toEqual(['invalid_credentials'])
  })

  it('keeps a declared answer beside the problem of the same status', () => {
    const asleep = find('getPerson').described.responses['503']
    expect(Object.keys(asleep?.content ?? {})).toEqual(['application/json', 'application/problem+json'])
    expect(asleep?.description).toMatch(/^Asleep\n\n`unavailable`/)
  })

  it('tells who must be signed in, and how', () => {
    expect(find('me').described.security).toEqual([{ bearer: [] }, { cookie: [] }])
    expect(find('login').described.security).toEqual([])
    expect(document.components.securitySchemes.cookie.name).toBe('session_id')
    const secure = createSampleApp({ server: { publicUrl: 'https://accounts.example.com' } }).app.openapi()
    const parsed = documentSchema.parse(secure)
    expect(parsed.components.securitySchemes.cookie.name).toBe('__Host-session_id')
    expect(parsed.servers).toEqual([{ url: 'https://accounts.example.com' }])
    const names = find('guarded').described.parameters.map(({ name }) => name)
    expect(names).toContain('X-CSRF-Token')
  })

  it('tells what is sent and answered', () => {
    const { described } = find('makeThing')
    expect(described.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { properties: { name: { type: 'string', maxLength: 100 } } } } },
    })
    expect(find('login').described.requestBody).toMatchObject({ required: false })
    expect(described.parameters.map(({ name, in: place, required }) => [name, place, required])).toEqual([
      ['id', 'path', true],
      ['tag', 'query', false],
      ['size', 'query', false],
      ['X-CSRF-Token', 'header', false],
    ])
    expect(find('logout').described.responses['204']?.content).toBeUndefined()
    expect(find('verify').described).toMatchObject({ 'x-any-method': true })
    expect(find('verify').described.responses['200']?.headers['X-Auth-User-Id']).toMatchObject({ description: 'Who' })
    expect(find('login').described.responses['200']?.headers).toHaveProperty('RateLimit')
  })
})
