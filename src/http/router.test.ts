import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoute, type Route } from './define-route.js'
import type { Method } from './route.js'
import { createRouter } from './router.js'

const config = { server: { publicUrl: null, basePaths: ['/auth', '/api/auth'], trustProxy: [], cors: { origins: [] } } }

function route(method: Method, path: string, base: 'auth' | 'root' = 'auth'): Route {
  return defineRoute({
    method,
    base,
    path,
    operationId: `${method} ${path}`,
    summary: '',
    tag: '',
    guard: { authentication: 'none', csrf: method === 'GET' ? 'none' : 'origin' },
    params: z.object({}),
    responses: {},
    errors: [],
    handle: async () => ({ status: 204 }),
  })
}

const match = createRouter(
  [
    route('GET', '/sessions/{id}'),
    route('DELETE', '/sessions/{id}'),
    route('GET', '/sessions'),
    route('DELETE', '/sessions'),
    route('POST', '/sessions/current'),
    route('GET', '/sessions/current'),
    route('GET', '/oauth/{provider}/callback'),
    route('GET', '/.well-known/jwks.json', 'root'),
  ],
  config,
)
const found = (method: string, path: string) => {
  const result = match(method, path)
  if (result.kind === 'found') return [result.route.operationId, result.params]
  return result.kind === 'wrong_method' ? result.allow : null
}

describe('the router', () => {
  it('finds by method and path, with the parameters decoded', () => {
    expect(found('GET', '/auth/sessions')).toEqual(['GET /sessions', {}])
    expect(found('DELETE', '/api/auth/sessions/a%20b')).toEqual(['DELETE /sessions/{id}', { id: 'a b' }])
    expect(found('GET', '/auth/oauth/google/callback')).toEqual([
      'GET /oauth/{provider}/callback',
      { provider: 'google' },
    ])
    expect(found('HEAD', '/.well-known/jwks.json')).toEqual(['GET /.well-known/jwks.json', {}])
  })

  it('prefers a literal path to a parameter, and falls to the parameter for the methods it lacks', () => {
    expect(found('GET', '/auth/sessions/current')).toEqual(['GET /sessions/current', {}])
    expect(found('DELETE', '/auth/sessions/current')).toEqual(['DELETE /sessions/{id}', { id: 'current' }])
  })

  it('names every method of the path where the one asked for is missing', () => {
    expect(found('PUT', '/auth/sessions')).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS'])
    expect(found('PUT', '/auth/sessions/current')).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST'])
    expect(found('get', '/auth/sessions')).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS'])
  })

  it.each([
    '/auth/sessions/',
    '//auth/sessions',
    '/auth//sessions',
    '/AUTH/sessions',
    '/auth/sessions;x=1',
    '/auth/sessions%2F1',
    '/auth/sessions/a%2Fb',
    '/auth/sessions/a%5Cb',
    '/auth/sessions/%00',
    '/auth/sessions/%zz',
    '/auth/sessions/%ff',
    '/auth/sessions/a/b',
    '/auth/.well-known/jwks.json',
    '/wellXknown/jwks.json',
    '/Xwell-known/jwks.json',
    '/auth/sessions/{id}/x',
    '',
    '*',
  ])('finds nothing at `%s`', (path) => {
    expect(found('GET', path)).toBeNull()
  })

  it('refuses two routes at one place', () => {
    expect(() => createRouter([route('GET', '/a'), route('GET', '/a')], config)).toThrow(
      'GET /auth/a is declared twice',
    )
  })
})
