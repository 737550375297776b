import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from './config.js'
import { ConfigError } from './config-error.js'
import type { Environment } from './interpolation.js'
import { loadConfig } from './load-config.js'

const STRONG = 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-config-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Sources {
  readonly env?: Environment
  readonly overrides?: { host?: string; port?: string }
}

async function load(yaml: string | Uint8Array | null, { env = {}, overrides = {} }: Sources = {}): Promise<Config> {
  if (yaml !== null) await writeFile(join(folder, 'a.yaml'), yaml)
  const { config } = await loadConfig({ ...(yaml === null ? {} : { file: 'a.yaml' }), cwd: folder, env, overrides })
  return config
}

async function refusal(yaml: string | Uint8Array | null, sources?: Sources): Promise<string> {
  try {
    await load(yaml, sources)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the configuration was accepted')
}

/** `${name}`, which a linter takes for a forgotten template. */
const ref = (inner: string) => ['$', '{', inner, '}'].join('')

describe('the examples of the documentation of modes', () => {
  it('development: stateful, eight hours, bcrypt', async () => {
    const config = await load(`auth:
  mode: "stateful"
  session:
    ttl: "8h"
    refresh_token_ttl: "168h"
    max_login_attempts: 3
    lockout_duration: "5m"
  password:
    algorithm: "bcrypt"
    bcrypt_cost: 10
`)
    expect(config.auth).toMatchObject({
      mode: 'stateful',
      session: { ttl: 28_800_000, refreshTokenTtl: 604_800_000, maxLoginAttempts: 3, lockoutDuration: 300_000 },
      password: { algorithm: 'bcrypt', bcryptCost: 10 },
    })
  })

  const production = `auth:
  mode: "stateless"
  jwt:
    secret: "${ref('JWT_SECRET')}"
    access_token_ttl: "15m"
    refresh_token_ttl: "168h"
    issuer: "azth-auth-service"
    audience: "azth-api"
  password:
    algorithm: "argon2id"
    argon2id:
      memory: 131072 # 128MB
      iterations: 4
      parallelism: 4
      salt_length: 16
      key_length: 32
`

  it('production: stateless, with the secret from the environment', async () => {
    const config = await load(production, { env: { JWT_SECRET: STRONG } })
    expect(config.auth.jwt).toMatchObject({ secret: [STRONG], algorithm: 'HS256', issuer: 'azth-auth-service' })
    expect(config.auth.password.argon2id).toMatchObject({ memory: 131_072, parallelism: 4 })
  })

  it('production without its secret stops, and names variable, file, line and key', async () => {
    expect(await refusal(production)).toBe(
      'a.yaml:4:13 auth.jwt.secret: expected the environment variable JWT_SECRET, got nothing: it is unset and has no default',
    )
  })

  it('microservices: short tokens, defaults of the password', async () => {
    const config = await load(
      `auth:\n  mode: stateless\n  jwt:\n    secret: ${ref('JWT_SECRET')}\n    access_token_ttl: "5m" # short\n    refresh_token_ttl: "24h"\n  password:\n    algorithm: "argon2id"\n`,
      { env: { JWT_SECRET: STRONG } },
    )
    expect(config.auth.jwt).toMatchObject({ accessTokenTtl: 300_000, refreshTokenTtl: 86_400_000 })
  })
})

describe('which file is read', () => {
  it('none is needed', async () => {
    const { config, file } = await loadConfig({ cwd: join(folder, 'nowhere'), env: {} })
    expect([config.server.port, file]).toEqual([3000, null])
  })

  it('sallyport.yaml in the working directory, where it exists', async () => {
    await writeFile(join(folder, 'sallyport.yaml'), 'server: { port: 4000 }')
    const { config, file } = await loadConfig({ cwd: folder, env: {} })
    await rm(join(folder, 'sallyport.yaml'))
    expect([config.server.port, file]).toEqual([4000, 'sallyport.yaml'])
  })

  it('one that is named must exist, and be a file of text', async () => {
    const missing = loadConfig({ cwd: folder, env: {}, file: 'missing.yaml' })
    await expect(missing).rejects.toThrow('missing.yaml: expected a configuration file, got nothing at this path')
    await expect(loadConfig({ cwd: folder, env: {}, file: '.' })).rejects.toThrow('got a folder')
    expect(await refusal(new Uint8Array([0x61, 0xff, 0xfe]))).toContain('expected UTF-8 text')
    expect(await refusal(`# ${'x'.repeat(300_000)}`)).toContain('expected at most 262144 bytes')
  })

  it.each(['', '# nothing but a comment\n', '---\n', 'auth:\n', 'auth:\n  session:\n  mode:\n'])(
    'a file that says nothing leaves the defaults (%j)',
    async (yaml) => {
      expect((await load(yaml)).auth.session.ttl).toBe(86_400_000)
    },
  )

  it('JSON is YAML', async () => {
    expect((await load('{"limits": {"enabled": false}}')).limits.enabled).toBe(false)
  })
})

describe('what is wrong in a file is named by file, line, column, key and expectation', () => {
  it.each<[string, string, string]>([
    [
      'an unknown key',
      'auth:\n  sesion:\n    ttl: 1h\n',
      'a.yaml:2:3 auth.sesion: expected a known key (did you mean session?), got an unknown one',
    ],
    ['a key of nothing known', 'zzzzzzzzzz: 1\n', 'a.yaml:1:1 zzzzzzzzzz: expected a known key (server, storage,'],
    [
      'a key in camelCase',
      'server:\n  publicUrl: x\n',
      'a.yaml:2:3 server.publicUrl: expected a known key (did you mean public_url?)',
    ],
    [
      'a wrong type',
      'server:\n  port: "80"\n',
      'a.yaml:2:9 server.port: expected a whole number from 0 to 65535, got "80"',
    ],
    [
      'a bad value',
      'auth:\n  session:\n    ttl: soon\n',
      'a.yaml:3:10 auth.session.ttl: expected a duration from 1s to 3650d, such as 24h, got "soon"',
    ],
    [
      'a duration without a unit',
      'auth: { session: { ttl: 3600 } }',
      'a.yaml:1:25 auth.session.ttl: expected a duration',
    ],
    [
      'a bad element',
      'server:\n  base_paths:\n    - /auth\n    - nope\n',
      'server.base_paths: expected a list of different paths',
    ],
    ['a list for a section', 'auth: [1]', 'a.yaml:1:1 auth: expected a section of keys, got a list'],
    [
      'a section for a value',
      'server:\n  port: { a: 1 }',
      'a.yaml:2:3 server.port: expected a whole number from 0 to 65535, got a section of keys',
    ],
    ['a value for everything', 'just text', 'a.yaml:1:1: expected a section of keys, got a value'],
    [
      'a key given twice',
      'auth:\n  mode: stateful\n  mode: stateless\n',
      'a.yaml:3:3 auth.mode: expected each key once, got it again',
    ],
    ['a tab', 'auth:\n\tmode: stateful\n', 'a.yaml:2:1: expected valid YAML, got a tab as indentation'],
    ['an open bracket', 'server: { cors: [', 'expected valid YAML'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'got more than one document'],
    ['an unknown tag', 'server: { host: !!js/function x }', 'got an unknown tag'],
    ['a structure as a key', '? [a]\n: b\n', 'expected plain keys'],
    ['__proto__', '__proto__:\n  polluted: true\n', '__proto__: expected a known key'],
    [
      'an alias',
      'server: &s { port: 1 }\nlog: *s\n',
      'a.yaml:2:1 log: expected a value written out, got an anchor or alias',
    ],
    [
      'a rule between keys',
      'auth:\n  password:\n    min_length: 100\n    max_length: 64\n',
      'a.yaml:4:17 auth.password.max_length: expected at least the minimum length',
    ],
  ])('%s', async (_, yaml, message) => {
    expect(await refusal(yaml)).toContain(message)
  })

  it('all of it at once', async () => {
    const message = await refusal('server:\n  port: x\n  hots: y\nauth:\n  mode: z\n', { env: { LOG_LEVEL: 'loud' } })
    expect(message.split('\n')).toHaveLength(4)
  })

  it('a bomb of aliases and one of brackets cost nothing', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (let index = 1; index < 20; index += 1)
      bomb.push(`b${index}: &b${index} [${Array(9).fill(index === 1 ? '*a' : `*b${index - 1}`)}]`)
    expect(await refusal(bomb.join('\n'))).toContain('expected a known key')
    expect(await refusal('['.repeat(100_000))).toContain('expected valid YAML')
  })

  it('a syntax error beside a secret does not repeat it', async () => {
    expect(await refusal('auth:\n  jwt:\n    secret: "hunter2" hunter2\n   x: [hunter2\n')).not.toContain('hunter2')
  })
})

describe('variables in a file', () => {
  const env = { PORT_OF_MINE: '4001', HOST_OF_MINE: '::1', ON: 'false', EMPTY: '', LIST: '[/a, /b]', KEY: 'a: b' }
  const port = (inner: string) => `server:\n  port: ${ref(inner)}\n`

  it('become numbers and booleans where the key asks for one', async () => {
    const config = await load(`${port('PORT_OF_MINE')}limits:\n  enabled: "${ref('ON')}"\n`, { env })
    expect([config.server.port, config.limits.enabled]).toEqual([4001, false])
  })

  it('take their default when unset or empty', async () => {
    expect((await load(port('UNSET:-4002'))).server.port).toBe(4002)
    expect((await load(port('EMPTY:-4003'), { env })).server.port).toBe(4003)
  })

  it('leave the default of the key where nothing comes of them', async () => {
    const config = await load(`server:\n  public_url: ${ref('UNSET:-')}\n`)
    expect(config.server.publicUrl).toBeNull()
    expect(config.given).toEqual([])
  })

  it('stand inside a text, and several times', async () => {
    const yaml = `auth:\n  jwt:\n    issuer: "x-${ref('HOST_OF_MINE')}-${ref('UNSET:-y')}"\n`
    expect((await load(yaml, { env })).auth.jwt.issuer).toBe('x-::1-y')
  })

  it('stand in lists', async () => {
    const config = await load(`server:\n  base_paths: ["/${ref('P:-auth')}"]\n`)
    expect(config.server.basePaths).toEqual(['/auth'])
  })

  it('are not read as YAML, nor put in twice', async () => {
    expect(await refusal(`server:\n  base_paths: ${ref('LIST')}\n`, { env })).toContain('expected a list')
    const nested = { A: ref('B'), B: 'inner' }
    expect((await load(`auth:\n  jwt:\n    issuer: ${ref('A')}\n`, { env: nested })).auth.jwt.issuer).toBe(ref('B'))
    expect((await load(`auth:\n  jwt:\n    issuer: ${ref('KEY')}\n`, { env })).auth.jwt.issuer).toBe('a: b')
  })

  it('are left alone in comments, and as $$ followed by a brace', async () => {
    const config = await load(`# ${ref('NOPE')}\nauth:\n  jwt:\n    issuer: "$${ref('X')}"\n`)
    expect(config.auth.jwt.issuer).toBe(ref('X'))
  })

  it('stop the start when unset, when empty, and when misspelt', async () => {
    expect(await refusal(port('UNSET'))).toContain('a.yaml:2:9 server.port: expected the environment variable UNSET')
    expect(await refusal(port('EMPTY'), { env })).toContain('the environment variable EMPTY')
    for (const inner of ['', '1X', 'A-B', 'A:x']) expect(await refusal(port(inner))).toContain('expected a name')
    expect(await refusal('auth:\n  jwt:\n    issuer: "${OPEN"\n')).toContain('expected a name')
  })

  it('are never quoted in a message', async () => {
    const message = await refusal(port('HIDDEN'), { env: { HIDDEN: 'hunter2' } })
    expect(message).toContain('a.yaml:2:9 server.port: expected a whole number')
    expect(message).not.toContain('hunter2')
  })
})

describe('the environment wins over the file', () => {
  it('every variable sets its key', async () => {
    const config = await load('server: { port: 1 }', {
      env: {
        AUTH_MODE: 'stateless',
        JWT_SECRET: STRONG,
        JWT_ALGORITHM: 'HS256',
        ACCESS_TOKEN_EXPIRE_MINUTES: '7',
        REFRESH_TOKEN_EXPIRE_DAYS: '3',
        MAX_CONCURRENT_LOGINS: '5',
        SALLYPORT_SECRET: STRONG,
        DATABASE_URL: 'postgres://u:p@db/x',
        REDIS_URL: 'redis://cache',
        HOST: '127.0.0.2',
        PORT: '4000',
        PUBLIC_URL: 'http://localhost:4000/',
        LOG_LEVEL: 'warn',
        SMTP_URL: 'smtp://mail',
      },
    })
    expect(config).toMatchObject({
      server: { host: '127.0.0.2', port: 4000, publicUrl: 'http://localhost:4000' },
      storage: { url: 'postgres://u:p@db/x' },
      redis: { url: 'redis://cache' },
      mail: { url: 'smtp://mail' },
      log: { level: 'warn' },
      secret: STRONG,
      auth: {
        mode: 'stateless',
        maxConcurrentHashes: 5,
        jwt: { secret: [STRONG], algorithm: 'HS256', accessTokenTtl: 420_000, refreshTokenTtl: 259_200_000 },
      },
    })
  })

  it('the command line wins over both', async () => {
    const config = await load('server: { port: 1 }', { env: { PORT: '2' }, overrides: { port: '0', host: '::1' } })
    expect(config.server).toMatchObject({ port: 0, host: '::1' })
    expect(await refusal(null, { overrides: { port: 'abc' } })).toMatch(/^--port server.port: expected/)
  })

  it('an empty variable counts as unset', async () => {
    expect((await load(null, { env: { PORT: '', JWT_SECRET: '', AUTH_MODE: '' } })).given).toEqual([])
  })

  it.each<[string, string, string]>([
    ['ACCESS_TOKEN_EXPIRE_MINUTES', 'soon', 'expected a whole number of minutes from 1 to 525600, got "soon"'],
    ['ACCESS_TOKEN_EXPIRE_MINUTES', '0', 'got "0"'],
    ['REFRESH_TOKEN_EXPIRE_DAYS', '1.5', 'expected a whole number of days'],
    ['AUTH_MODE', 'productoin', 'expected stateful, stateless, bypass or production, got "productoin"'],
    ['MAX_CONCURRENT_LOGINS', '-1', 'expected a whole number from 1 to 1024, got -1'],
    ['JWT_ALGORITHM', 'none', 'expected EdDSA, ES256, RS256 or HS256, got "none"'],
    ['PORT', '0x50', 'expected a whole number'],
    ['LOG_LEVEL', 'loud', 'expected trace'],
    ['DATABASE_URL', 'mysql://u:hunter2@db/x', 'expected a database URL'],
    ['PUBLIC_URL', 'a.example', 'expected an http or https origin'],
  ])('%s=%s stops the start and is named', async (name, value, message) => {
    const text = await refusal(null, { env: { [name]: value } })
    expect(text.startsWith(`${name} `)).toBe(true)
    expect(text).toContain(message)
    expect(text).not.toContain('hunter2')
  })

  it('PostgreSQL without a master key names the variable that is missing', async () => {
    expect(await refusal(null, { env: { DATABASE_URL: 'postgres://db/x' } })).toMatch(
      /^SALLYPORT_SECRET secret: expected/,
    )
  })

  it('a placeholder stops production and names its variable', async () => {
    const env = { NODE_ENV: 'production', JWT_SECRET: 'your-production-jwt-secret-change-me' }
    expect(await refusal(null, { env })).toBe(
      'JWT_SECRET auth.jwt.secret: expected 32 random characters or more, got a placeholder',
    )
  })
})

describe('AUTH_MODE=production', () => {
  it.each([
    [null, 'stateless'],
    ['auth: { mode: stateful }', 'stateful'],
    ['auth: { mode: stateless }', 'stateless'],
    ['auth: { mode: }', 'stateless'],
  ])('with the file %j means %s', async (yaml, mode) => {
    expect((await load(yaml, { env: { AUTH_MODE: 'production' } })).auth.mode).toBe(mode)
  })

  it('never means bypass', async () => {
    expect(await refusal('auth: { mode: bypass }', { env: { AUTH_MODE: 'production' } })).toContain('bypass')
  })

  it('another mode replaces that of the file', async () => {
    const config = await load('auth: { mode: stateless }', { env: { AUTH_MODE: 'stateful' } })
    expect(config.auth.mode).toBe('stateful')
  })
})
