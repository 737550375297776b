import { expect, it } from 'vitest'
import { sampleRoutes } from '../../test/http/sample-app.js'
import { defineRoute } from './define-route.js'
import { createOwnership } from './ownership.js'

const routes = [
  ...sampleRoutes,
  defineRoute({
    method: 'GET',
    base: 'root',
    path: '/v1.0/things/{id}',
    operationId: 'thing',
    summary: 'With a parameter, and a dot that is a dot',
    tag: 'sample',
    guard: { authentication: 'none', csrf: 'none' },
    responses: { 200: { description: 'Fine' } },
    errors: [],
    handle: async () => ({ status: 200 }),
  }),
]
const config = {
  server: { publicUrl: null, basePaths: ['/auth', '/api/auth'], trustProxy: [], cors: { origins: [] } },
}
const owns = createOwnership(routes, [], config)

it.each(['/auth', '/auth/', '/auth/nothing', '/auth/../admin', '/api/auth/me', '/users/me', '/v1.0/things/7'])(
  '%s is Sallyport’s',
  (path) => expect(owns(path)).toBe(true),
)

it.each([
  '/',
  '',
  '/authors',
  '/api/authors',
  '/users',
  '/users/42',
  '/users/me/',
  '/v1.0/things',
  '/v1.0/things/7/8',
  '/v1x0/things/7',
  '//auth/me',
  '/AUTH/me',
  '/%61uth/me',
  'http://localhost/auth/me',
  '*',
])('%s is the application’s', (path) => expect(owns(path)).toBe(false))
