import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ConfigInput, createAuth } from '../../src/index.js'
import { createTestAuth, type TestAuth, type TestAuthOptions } from '../../src/testing/index.js'
import { bearer, newcomer } from '../flows/people.js'

const PATHS = ['login-bypass', 'me-bypass', 'logout-bypass'].flatMap((name) => [`/auth/${name}`, `/api/auth/${name}`])
const UNKNOWN = '/auth/login-bypasses'

async function open(options: TestAuthOptions): Promise<TestAuth> {
  const auth = await createTestAuth(options)
  onTestFinished(() => auth.close())
  return auth
}

/** Everything of an answer but the names of the request. */
async function pictureOf(auth: TestAuth, path: string, init: RequestInit): Promise<unknown> {
  const headers = { ...init.headers, 'x-request-id': 'the-same' }
  const answer = await auth.request(path, { ...init, headers })
  return { status: answer.status, headers: [...answer.headers], body: await answer.text() }
}

// ASVS 13.4.2
describe.each(['stateful', 'stateless'] as const)('in %s mode the endpoints of bypass', (mode) => {
  it('are like any path that is not there, whatever is sent', async () => {
    const auth = await open({ config: { auth: { mode } } })
    const { accessToken } = await auth.api.register({ email: 'a@b.example', password: 'correct horse battery' })
    const json = { 'content-type': 'application/json' }
    const requests: RequestInit[] = [
      ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'].map((method) => ({ method })),
      { method: 'POST', headers: json, body: '{"email":"a@b.example"}' },
      { method: 'POST', headers: { origin: 'https://evil.example' } },
      { method: 'GET', headers: bearer(accessToken) },
      { method: 'OPTIONS', headers: { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' } },
    ]
    for (const init of requests) {
      const unknown = await pictureOf(auth, UNKNOWN, init)
      expect(unknown).toMatchObject({ status: 404 })
      for (const path of PATHS) expect([path, await pictureOf(auth, path, init)]).toEqual([path, unknown])
    }
  })

  it('are in no document and no call', async () => {
    const auth = await open({ config: { auth: { mode } } })
    expect(JSON.stringify(auth.openapi())).not.toMatch(/bypass/i)
    expect(auth.api.bypass).toBeNull()
  })
})

describe('in bypass mode', () => {
  it('they are there, and documented', async () => {
    const auth = await open({ config: { auth: { mode: 'bypass' } } })
    const document = JSON.stringify(auth.openapi())
    for (const path of PATHS) expect(document).toContain(`"${path}"`)
    expect((await auth.request('/auth/login-bypass', { method: 'POST' })).status).toBe(200)
    expect((await auth.request('/auth/me-bypass')).status).toBe(200)
    expect((await auth.request('/auth/logout-bypass', { method: 'POST' })).status).toBe(204)
    expect((await auth.request('/auth/login-bypass')).status).toBe(405)
    await newcomer(auth)
  })
})

describe('a library that asks for bypass', () => {
  const memory = { storage: { url: 'sqlite::memory:' }, auth: { mode: 'bypass' } } as const satisfies ConfigInput

  it('does not start in production', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(createAuth(memory)).rejects.toThrow(/bypass together with production/)
  })

  it.each<[string, ConfigInput['server']]>([
    ['every address', { host: '0.0.0.0' }],
    ['every IPv6 address', { host: '::' }],
    ['an address of the network', { host: '192.168.1.7' }],
    ['a name', { host: 'laptop.example' }],
    ['a name that only looks like this machine', { host: 'localhost.example' }],
    ['a number', { host: '0' }],
    ['a public name', { publicUrl: 'http://laptop.example' }],
    ['https', { publicUrl: 'https://localhost' }],
    ['a proxy', { trustProxy: ['127.0.0.1'] }],
  ])('does not start for %s', async (_, server) => {
    await expect(createAuth({ ...memory, server })).rejects.toThrow(/bypass together with/)
  })

  it.each<[string, ConfigInput['server']]>([
    ['nothing special', {}],
    ['localhost', { host: 'localhost' }],
    ['IPv6', { host: '::1' }],
    ['another address of this machine', { host: '127.8.4.2' }],
    ['a local public name', { publicUrl: 'http://localhost:3000' }],
  ])('starts for %s, and warns whether or not anybody logs', async (_, server) => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    onTestFinished(() => warned.mockRestore())
    const auth = await createAuth({ ...memory, server })
    await auth.close()
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('bypass'), { code: 'SALLYPORT_BYPASS' })
  })

  it('does not warn in another mode', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    onTestFinished(() => warned.mockRestore())
    const auth = await createAuth({ storage: memory.storage })
    await auth.close()
    expect(warned).not.toHaveBeenCalled()
  })
})
