import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../src/runtime/clock.js'
import { NODE_SECRET, openNode } from '../flows/nodes.js'
import { built, emptyFolder, MASTER_SECRET, run, serve } from './run-program.js'

const ACCOUNT = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
const STATELESS = { AUTH_MODE: 'stateless' }
const SECRETS = { AUTH_MODE: 'stateless', JWT_SECRET: `${MASTER_SECRET}-jwt` }

const keys = z.object({
  items: z.array(
    z.object({
      id: z.number().nullable(),
      kid: z.string().nullable(),
      purpose: z.string(),
      algorithm: z.string(),
      status: z.string(),
      in_use: z.boolean(),
      created_at: z.iso.datetime().nullable(),
      activated_at: z.iso.datetime().nullable(),
      retired_at: z.iso.datetime().nullable(),
      expires_at: z.iso.datetime().nullable(),
    }),
  ),
})
const signedIn = z.object({ access_token: z.string(), refresh_token: z.string(), user_id: z.string() })

beforeAll(built, 120_000)

async function register(url: string) {
  return signedIn.parse(await (await post(`${url}/auth/register`, ACCOUNT)).json())
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

const statusOf = async (url: string, token: string) =>
  (await fetch(`${url}/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status

async function listKeys(folder: string, env = {}) {
  return keys.parse((await run(['keys', 'list', '--json'], { folder, env })).json).items
}

// ASVS 7.4.5
describe('keys', () => {
  it('list shows a key that signs, the next one and the session key, and no key itself', async () => {
    const folder = await emptyFolder()
    const list = await listKeys(folder)
    expect(list.map(({ purpose, algorithm, status, in_use }) => [purpose, algorithm, status, in_use])).toEqual([
      ['session', 'HMAC-SHA256', 'active', true],
      ['signing', 'EdDSA', 'active', true],
      ['signing', 'EdDSA', 'next', false],
    ])
    const { stdout } = await run(['keys', 'list'], { folder })
    expect(stdout.split('\n')[1]).toMatch(/^\* 2 {2}signing {2}EdDSA {2}[\w-]{43} {2}active {2}created 2/)
  })

  it('rotate makes the announced key the one that signs, seen by a running server, whose tokens live on', async () => {
    const folder = await emptyFolder()
    const { url } = await serve([], { folder, env: STATELESS })
    const { access_token } = await register(url)
    const [, before, announced] = await listKeys(folder)

    const { code, json } = await run(['keys', 'rotate', '--json'], { folder })
    expect([code, json]).toMatchObject([
      0,
      {
        purpose: 'signing',
        active: { kid: announced?.kid, status: 'active', in_use: true },
        next: { status: 'next', in_use: false },
        retired: { kid: before?.kid, expires_at: expect.stringMatching(/Z$/) },
      },
    ])
    expect(await statusOf(url, access_token)).toBe(200)
    const kidInUse = async () => {
      const { access_token } = signedIn.parse(await (await post(`${url}/auth/login`, ACCOUNT)).json())
      return JSON.parse(Buffer.from(access_token.split('.')[0] ?? '', 'base64url').toString()).kid
    }
    await expect.poll(kidInUse, { timeout: 10_000 }).toBe(announced?.kid)
    expect(await (await fetch(`${url}/.well-known/jwks.json`)).json()).toMatchObject({
      keys: [{ kid: before?.kid }, { kid: announced?.kid }, {}],
    })
  })

  it('rotate says in words which key signs and which is next', async () => {
    const folder = await emptyFolder()
    const [, before, announced] = await listKeys(folder)
    const { stdout } = await run(['keys', 'rotate'], { folder })
    expect(stdout.trimEnd().split('\n')).toEqual([
      `Key ${announced?.kid} signs now.`,
      expect.stringMatching(/^Key [\w-]{43} is announced as the next\.$/),
      expect.stringMatching(new RegExp(`^Key ${before?.kid} is retired, and honoured until 2\\S+Z\\.$`)),
    ])
  })

  it('rotate --purpose session changes what opaque tokens are made with; the old ones live on', async () => {
    const folder = await emptyFolder()
    const { url } = await serve([], { folder })
    const { access_token, refresh_token } = await register(url)
    const { json } = await run(['keys', 'rotate', '--purpose', 'session', '--json'], { folder })
    expect(json).toMatchObject({ purpose: 'session', active: { id: 4 }, next: null, retired: { id: 1 } })
    expect(await statusOf(url, access_token)).toBe(200)
    expect((await post(`${url}/auth/refresh`, { refresh_token })).status).toBe(200)
  })

  it('with configured secrets: list names them by kid, and rotate says what to do instead', async () => {
    const folder = await emptyFolder()
    const list = await listKeys(folder, SECRETS)
    expect(list.find(({ purpose, in_use }) => purpose === 'signing' && in_use)).toMatchObject({
      id: null,
      algorithm: 'HS256',
      kid: expect.stringMatching(/^[\w-]{12}$/),
      created_at: null,
    })
    const { code, json } = await run(['keys', 'rotate', '--json'], { folder, env: SECRETS })
    expect([code, json]).toMatchObject([
      1,
      {
        error: { code: 'conflict', message: expect.stringContaining('Append a new secret to the list at every node') },
      },
    ])
    expect(await listKeys(folder, SECRETS)).toEqual(list)
  })

  it('rotate refuses a purpose that there is not', async () => {
    const { code, stderr } = await run(['keys', 'rotate', '--purpose', 'tls'], { folder: await emptyFolder() })
    expect([code, stderr]).toEqual([2, expect.stringContaining('--purpose is signing or session')])
  })
})

describe('token decode', () => {
  it('shows header and claims of a JWT, and that it is genuine', async () => {
    const folder = await emptyFolder()
    const { url } = await serve([], { folder, env: STATELESS })
    const { access_token, user_id } = await register(url)
    expect(await run(['token', 'decode', access_token, '--json'], { folder })).toMatchObject({
      code: 0,
      json: {
        kind: 'jwt',
        header: { alg: 'EdDSA', typ: 'at+jwt' },
        claims: { sub: user_id, email: ACCOUNT.email, iss: 'sallyport' },
        verified: true,
      },
    })
    const piped = await run(['token', 'decode', '-'], { folder, input: `${access_token}\n` })
    expect(piped.stdout).toContain('It is genuine and in time.')
    expect(piped.stdout).toMatch(/^expires 2\S+Z$/m)
  })

  it('says of a JWT of somebody else that it is refused, and exits with 0', async () => {
    const [folder, other] = [await emptyFolder(), await emptyFolder()]
    const { url } = await serve([], { folder, env: STATELESS })
    const { access_token } = await register(url)
    await run(['migrate'], { folder: other })
    await run(['keys', 'list'], { folder: other })
    const { code, json } = await run(['token', 'decode', access_token, '--json'], { folder: other })
    expect([code, json]).toMatchObject([0, { verified: false, code: 'invalid_token' }])
  })

  it('needs no database and makes none: then it says that it was not verified', async () => {
    const folder = await emptyFolder()
    const token = `${segment({ alg: 'none' })}.${segment({ sub: 'x', exp: 1_700_000_000, name: '\u001b[2J\u202e' })}.`
    const { code, stdout } = await run(['token', 'decode', token], { folder })
    expect(code).toBe(0)
    expect(stdout).toContain('"alg": "none"')
    expect(stdout).toContain('expires 2023-11-14T22:13:20.000Z')
    expect(stdout).toContain('It was not verified: there is no database yet.')
    for (const character of ['\u001b', '\u202e']) expect(stdout).not.toContain(character)
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['an unreachable database', { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x', SALLYPORT_SECRET: MASTER_SECRET }],
    ['a configuration that is not usable', { AUTH_MODE: 'nonsense' }],
  ])('decodes beside %s, and shows no password', async (_, env) => {
    const token = `${segment({ alg: 'EdDSA' })}.${segment({ sub: 'x' })}.c2ln`
    const { code, json, stdout } = await run(['token', 'decode', token, '--json'], { folder: await emptyFolder(), env })
    expect([code, json]).toMatchObject([
      0,
      { claims: { sub: 'x' }, verified: null, reason: expect.stringMatching(/./) },
    ])
    expect(stdout).not.toContain('a:b@')
  })

  it('shows what an opaque and a refresh token say of themselves, without looking them up', async () => {
    const folder = await emptyFolder()
    const { url } = await serve([], { folder })
    const { access_token, refresh_token } = await register(url)
    const elsewhere = await emptyFolder()
    const decode = async (token: string) =>
      (await run(['token', 'decode', token, '--json'], { folder: elsewhere })).json
    const parts = { session_id: expect.stringMatching(/^[\w-]{36}$/), counter: 1, key_id: 1, verified: null }
    expect(await decode(access_token)).toMatchObject({ kind: 'access', ...parts })
    expect(await decode(refresh_token)).toMatchObject({ kind: 'refresh', ...parts })
    expect(await readdir(elsewhere)).toEqual([])
  })

  it('refuses what is no token in one line that does not repeat it', async () => {
    const { code, stdout, stderr } = await run(['token', 'decode', 'hunter2'], { folder: await emptyFolder() })
    expect([code, stdout, stderr]).toEqual([1, '', 'sallyport: This is neither a JWT nor a token of Sallyport.\n'])
  })
})

describe('sessions', () => {
  it.each([{}, STATELESS])('list shows them and revoke ends one on the running server %o', async (env) => {
    const folder = await emptyFolder()
    const { url } = await serve([], { folder, env })
    const { access_token, refresh_token, user_id } = await register(url)
    const listed = await run(['sessions', 'list', '--email', ACCOUNT.email, '--json'], { folder, env })
    expect(listed).toMatchObject({ code: 0, json: { items: [{ user_id, auth_methods: ['password'] }] } })
    const { items } = z.object({ items: z.array(z.object({ id: z.string() })) }).parse(listed.json)
    const id = items[0]?.id ?? ''
    expect((await run(['sessions', 'list', '--user', user_id], { folder, env })).stdout).toContain(id)

    expect(await run(['sessions', 'revoke', id], { folder, env })).toMatchObject({ code: 0 })
    expect((await post(`${url}/auth/refresh`, { refresh_token })).status).toBe(401)
    await expect.poll(() => statusOf(url, access_token), { timeout: 10_000 }).toBe(401)
    expect((await run(['sessions', 'list', '--user', user_id], { folder, env })).stdout).toBe('There is no session.\n')
    expect(await run(['sessions', 'revoke', id, '--json'], { folder, env })).toMatchObject({
      code: 1,
      json: { error: { code: 'not_found' } },
    })
  })

  it('cleanup removes what ended long ago', async () => {
    const folder = await emptyFolder()
    const url = `sqlite:${join(folder, 'accounts.db')}`
    const longAgo = await openNode({ url, clock: new ManualClock(Date.UTC(2020, 0, 1)) })
    await longAgo.api.register(ACCOUNT)
    await longAgo.close()
    const env = { DATABASE_URL: url, SALLYPORT_SECRET: NODE_SECRET }
    const first = await run(['sessions', 'cleanup', '--json'], { folder, env })
    expect(first).toMatchObject({ code: 0, json: { removed: expect.any(Number) } })
    expect(first.json).not.toEqual({ removed: 0 })
  })

  it('refuses a user who is not there, and both ways to name one', async () => {
    const folder = await emptyFolder()
    expect((await run(['sessions', 'list', '--email', 'nobody@example.com'], { folder })).code).toBe(1)
    expect((await run(['sessions', 'list'], { folder })).code).toBe(2)
    expect((await run(['sessions', 'revoke', 'x'], { folder })).code).toBe(2)
  })
})

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
