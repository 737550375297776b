import { describe, expect, it } from 'vitest'
import { defineRoute } from '../../src/http/define-route.js'
import { createSampleApp, sampleRoutes } from '../http/sample-app.js'
import { createAnswerValidator, validateAgainstOpenapi, validated } from './validate-answer.js'

const silent = defineRoute({
  method: 'GET',
  base: 'root',
  path: '/silent',
  operationId: 'silent',
  summary: 'Answers nothing',
  tag: 'sample',
  guard: { authentication: 'none', csrf: 'none' },
  responses: { 202: { description: 'Taken' } },
  errors: [],
  handle: async () => ({ status: 202 }),
})
const { app } = createSampleApp({ routes: [...sampleRoutes, silent] })
const validate = createAnswerValidator(app.openapi())
const json = (body: unknown, status = 200, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })
const problem = (code: string, status: number) =>
  json(
    { type: 'https://sallyport.dev/errors/x', title: 't', status, detail: 'd', code, request_id: 'r' },
    status,
    'application/problem+json',
  )

describe('an answer that the document describes', () => {
  it.each([
    ['GET', '/auth/open', json({ ok: true })],
    ['GET', '/api/auth/open?a=b', json({ ok: true })],
    ['HEAD', '/auth/open', new Response(null)],
    ['POST', '/auth/things/1', json({ user: 'u', more: 1 }, 201)],
    ['POST', '/auth/things/1', problem('conflict', 409)],
    ['POST', '/auth/logout', new Response(null, { status: 204 })],
    ['DELETE', '/auth/open', problem('method_not_allowed', 405)],
    ['GET', '/nowhere', problem('not_found', 404)],
  ])('%s %s is accepted', async (method, path, answer) => {
    expect(await validate(method, path, answer)).toEqual([])
  })
})

describe('an answer that it does not', () => {
  it.each([
    ['a field of another type', 'GET', '/auth/open', json({ ok: 'yes' })],
    ['a missing field', 'GET', '/auth/open', json({})],
    ['a field too many', 'GET', '/auth/open', json({ ok: true, password_hash: 'x' })],
    ['another status', 'GET', '/auth/open', json({ ok: true }, 202)],
    ['another content type', 'GET', '/auth/open', json({ ok: true }, 200, 'text/plain')],
    ['no content type', 'GET', '/auth/open', new Response(new Uint8Array([123, 125]))],
    ['a body where there is none', 'GET', '/silent', json({}, 202)],
    ['a body after HEAD', 'HEAD', '/auth/open', json({ ok: true })],
    ['a code of another route', 'GET', '/auth/open', problem('not_found', 404)],
    ['a code that does not belong to the status', 'POST', '/auth/things/1', problem('email_taken', 409)],
    ['a problem as plain JSON', 'POST', '/auth/things/1', json({ code: 'conflict' }, 409)],
    ['a problem without its id', 'POST', '/auth/things/1', json({ code: 'conflict' }, 409, 'application/problem+json')],
    ['success at an unknown path', 'GET', '/nowhere', json({ ok: true })],
    ['success of an unknown method', 'PUT', '/auth/open', json({ ok: true })],
  ])('%s is reported', async (_what, method, path, answer) => {
    expect(await validateAgainstOpenapi(app.openapi(), method, path, answer)).not.toEqual([])
  })

  it('is thrown by a wrapped fetch, and a right one is passed on unread', async () => {
    const request = new Request('http://localhost/auth/open')
    const wrong = validated(app.openapi(), async () => json({ ok: 1 }))
    await expect(wrong(request)).rejects.toThrow('GET /auth/open 200: /ok must be boolean')
    expect(await (await validated(app.openapi(), app.fetch)(request)).json()).toEqual({ ok: true })
  })
})
