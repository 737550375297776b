import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openStorage } from '../../src/storage/open-storage.js'
import { built, emptyFolder, run, type Surroundings, serve } from './run-program.js'

const STRONG = 'Vt2mK8wQzR4pXn7LcJ6yBd3HsF9gTe5u'
const PLACEHOLDER = 'your-production-jwt-secret-change-me'
const ACCOUNT = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
const HOUR = 3_600
const DAY = 24 * HOUR

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
const tokenAnswer = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.int() })
const header = z.object({ alg: z.string(), typ: z.string() })
const claims = z.object({ iss: z.string(), aud: z.string(), iat: z.int(), exp: z.int() })

beforeAll(built, 120_000)

/** A folder with that example as its configuration file, untouched. */
async function folderWith(name: string): Promise<string> {
  const folder = await emptyFolder()
  await copyFile(fixture(name), join(folder, 'sallyport.yaml'))
  return folder
}

/** What can be seen of a server from outside: its answers, and afterwards its database. */
async function observe(surroundings: Surroundings) {
  const { url, child, ended, output } = await serve([], surroundings)
  const registered = await post(`${url}/auth/register`, ACCOUNT)
  expect(registered.status).toBe(201)
  const tokens = tokenAnswer.parse(await registered.json())
  const signedIn = await post(`${url}/auth/login`, { ...ACCOUNT, transport: 'cookie' })
  const refreshCookie = signedIn.headers.getSetCookie().find((line) => line.startsWith('refresh_token='))
  const hash = await storedHash(surroundings.folder)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  return {
    accessToken: tokens.access_token,
    expiresIn: tokens.expires_in,
    refreshMaxAge: Number(/Max-Age=(\d+)/.exec(refreshCookie ?? '')?.[1]),
    hash,
    log: output.stdout,
  }
}

/** Whole seconds: what is left of a lifetime when the answer is written, however slow the machine. */
function justBelow(seconds: number): number[] {
  return Array.from({ length: 30 }, (_, late) => seconds - late)
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

async function storedHash(folder: string): Promise<string> {
  const storage = await openStorage({
    url: `sqlite:${join(folder, 'data', 'sallyport.db')}`,
    directUrl: null,
    pool: { max: 1 },
    statementTimeout: 10_000,
    allowUnsafeDurability: true,
    production: false,
    migrate: false,
  })
  try {
    const { password_hash } = await storage.db.selectFrom('users').select('password_hash').executeTakeFirstOrThrow()
    return password_hash ?? ''
  } finally {
    await storage.close()
  }
}

function readJwt(token: string) {
  const [head = '', body = ''] = token.split('.')
  const json = (segment: string): unknown => JSON.parse(Buffer.from(segment, 'base64url').toString())
  return { header: header.parse(json(head)), claims: claims.parse(json(body)) }
}

/** The parts of `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, the lengths in bytes. */
function argon2id(hash: string) {
  const [, algorithm, , costs, salt = '', key = ''] = hash.split('$')
  return { algorithm, costs, salt: Buffer.from(salt, 'base64').length, key: Buffer.from(key, 'base64').length }
}

// ASVS 9.2.4
describe('the examples start as they stand, and every setting shows', () => {
  it('development: sessions of eight hours, refresh of a week, bcrypt', async () => {
    const seen = await observe({ folder: await folderWith('development.yaml') })
    expect(seen.accessToken).toMatch(/^sps_/)
    expect(seen.expiresIn).toBeOneOf(justBelow(8 * HOUR))
    expect(seen.refreshMaxAge).toBeOneOf(justBelow(7 * DAY))
    expect(seen.hash).toMatch(/^\$2b\$10\$/)
  })

  it('production: HS256 of a quarter of an hour, issuer, audience, and a costly Argon2id', async () => {
    const folder = await folderWith('production.yaml')
    const seen = await observe({ folder, env: { JWT_SECRET: STRONG } })
    const jwt = readJwt(seen.accessToken)
    expect(jwt.header).toEqual({ alg: 'HS256', typ: 'at+jwt' })
    expect(jwt.claims).toMatchObject({ iss: 'azth-auth-service', aud: 'azth-api' })
    expect(jwt.claims.exp - jwt.claims.iat).toBe(HOUR / 4)
    expect(seen.expiresIn).toBeOneOf(justBelow(HOUR / 4))
    expect(seen.refreshMaxAge).toBeOneOf(justBelow(7 * DAY))
    expect(argon2id(seen.hash)).toEqual({ algorithm: 'argon2id', costs: 'm=131072,t=4,p=4', salt: 16, key: 32 })
    expect(seen.log).not.toContain('"key":')
  })

  it('microservices: five minutes, refreshed daily, Argon2id by default', async () => {
    const folder = await folderWith('microservices.yaml')
    const seen = await observe({ folder, env: { JWT_SECRET: STRONG } })
    const jwt = readJwt(seen.accessToken)
    expect(jwt.header.alg).toBe('HS256')
    expect(jwt.claims).toMatchObject({ iss: 'azth-auth-service', aud: 'azth-microservices' })
    expect(jwt.claims.exp - jwt.claims.iat).toBe(HOUR / 12)
    expect(seen.refreshMaxAge).toBeOneOf(justBelow(DAY))
    expect(argon2id(seen.hash)).toEqual({ algorithm: 'argon2id', costs: 'm=19456,t=2,p=1', salt: 16, key: 32 })
  })

  it('the environment alone: the mode that production means without a file, and its lifetimes', async () => {
    const env = { ...(await exampleEnvironment()), JWT_SECRET: STRONG }
    const folder = await emptyFolder()
    const seen = await observe({ folder, env })
    const jwt = readJwt(seen.accessToken)
    expect(jwt.header.alg).toBe('HS256')
    expect(jwt.claims.exp - jwt.claims.iat).toBe(HOUR / 4)
    expect(seen.refreshMaxAge).toBeOneOf(justBelow(7 * DAY))
    const printed = await run(['config', 'print', '--json'], { folder, env })
    expect(printed.json).toMatchObject({ auth: { mode: 'stateless', max_concurrent_hashes: 5 } })
  })
})

describe('a secret that stands in a document', () => {
  it('starts with a warning that does not repeat it, outside production', async () => {
    const env = await exampleEnvironment()
    expect(env['JWT_SECRET']).toBe(PLACEHOLDER)
    const { log } = await observe({ folder: await emptyFolder(), env })
    expect(log).toMatch(/"level":"warn".*"key":"auth\.jwt\.secret".*a placeholder; production refuses to start with it/)
    expect(log).not.toContain(PLACEHOLDER)
  })

  it.each([
    ['the environment', null],
    ['the file for production', 'production.yaml'],
    ['the file for microservices', 'microservices.yaml'],
  ])('stops a start in production: %s', async (_, file) => {
    const folder = file === null ? await emptyFolder() : await folderWith(file)
    const example = file === null ? await exampleEnvironment() : { JWT_SECRET: PLACEHOLDER }
    const { code, stdout, stderr } = await run(['serve', '--port', '0'], {
      folder,
      env: { ...example, NODE_ENV: 'production' },
    })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/auth\.jwt\.secret: expected 32 random characters or more, got a placeholder/)
    expect(stderr).not.toContain(PLACEHOLDER)
  })

  it('a strong one starts in production', async () => {
    const env = { JWT_SECRET: STRONG, NODE_ENV: 'production' }
    const { accessToken } = await observe({ folder: await folderWith('microservices.yaml'), env })
    expect(readJwt(accessToken).header.alg).toBe('HS256')
  })

  it('a file that names a secret which the environment does not hold stops the start, and says which', async () => {
    const { code, stderr } = await run(['serve', '--port', '0'], { folder: await folderWith('production.yaml') })
    expect([code, stderr]).toEqual([1, expect.stringContaining('JWT_SECRET')])
  })
})

/** As `node --env-file` and shells read it. */
async function exampleEnvironment(): Promise<Record<string, string>> {
  const entries = Object.entries(parseEnv(await readFile(fixture('deployment.env'), 'utf8')))
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
