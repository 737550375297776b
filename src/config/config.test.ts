import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type Config, type ConfigInput, parseConfig } from './config.js'
import { ConfigError } from './config-error.js'

const STRONG = 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u'

function refusal(input: unknown, nodeEnv = 'test'): string {
  try {
    parseConfig(JSON.parse(JSON.stringify(input)), { nodeEnv })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the configuration was accepted')
}

const parse = (input: ConfigInput, nodeEnv = 'test'): Config => parseConfig(input, { nodeEnv })

describe('with nothing given', () => {
  const config = parse({})

  it('every key has its default, durations in milliseconds and sizes in bytes', () => {
    expect(config.auth.mode).toBe('stateful')
    expect(config.auth.session.ttl).toBe(24 * 3600 * 1000)
    expect(config.auth.refresh.reuseGrace).toBe(10_000)
    expect(config.websocket.maxFrame).toBe(16_384)
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 3000, basePaths: ['/auth', '/api/auth'] })
    expect(config.auth.password.argon2id).toEqual({
      memory: 19_456,
      iterations: 2,
      parallelism: 1,
      saltLength: 16,
      keyLength: 32,
    })
  })

  it('what depends on the machine or on another key is filled in', () => {
    expect(config.auth.maxConcurrentHashes).toBe(availableParallelism())
    expect(config.auth.jwt.algorithm).toBe('EdDSA')
    expect(parse({ dataDir: '/var/lib/sallyport/' }).storage.url).toBe('sqlite:/var/lib/sallyport/sallyport.db')
  })

  it('it is not production, and nothing counts as given', () => {
    expect(config.production).toBe(false)
    expect(config.given).toEqual([])
  })
})

describe('values given in code', () => {
  it('durations are texts or milliseconds, sizes texts or bytes', () => {
    const config = parse({ auth: { session: { ttl: '8h', absoluteTtl: 90_000 } }, websocket: { maxFrame: 1024 } })
    expect(config.auth.session).toMatchObject({ ttl: 28_800_000, absoluteTtl: 90_000 })
    expect(config.websocket.maxFrame).toBe(1024)
    expect(config.given).toEqual(['auth.session.ttl', 'auth.session.absolute_ttl', 'websocket.max_frame'])
  })

  it('one secret is a list of one, and means HS256 unless an algorithm is named', () => {
    expect(parse({ auth: { jwt: { secret: STRONG } } }).auth.jwt).toMatchObject({
      secret: [STRONG],
      algorithm: 'HS256',
    })
    expect(parse({ auth: { jwt: { secret: [STRONG], algorithm: 'ES256' } } }).auth.jwt.algorithm).toBe('ES256')
  })

  it('an undefined value is one that was not given', () => {
    expect(parse({ auth: { mode: undefined } }).given).toEqual([])
  })

  it.each<[string, ConfigInput]>([
    ['the development example', { auth: { password: { algorithm: 'bcrypt', bcryptCost: 10 } } }],
    [
      '128 MB over four lanes',
      { auth: { password: { argon2id: { memory: 131_072, iterations: 4, parallelism: 4 } } } },
    ],
    ['a grace of nothing', { auth: { refresh: { reuseGrace: '0s' } } }],
    ['SQLite in memory', { storage: { url: 'sqlite::memory:' } }],
    ['an IPv6 listener', { server: { host: '[::1]' } }],
    ['proxies by address and network', { server: { trustProxy: ['10.0.0.1', 'fd00::/8'] } }],
    ['a Redis cluster', { redis: { url: 'redis+cluster://h1:1,h2:2' } }],
    ['one mode accepted', { auth: { accept: ['stateful'] } }],
  ])('%s is accepted', (_, input) => {
    expect(() => parse(input)).not.toThrow()
  })

  it.each<[string, unknown, string]>([
    ['a duration without a unit', { auth: { session: { ttl: '15' } } }, 'auth.session.ttl: expected a duration from'],
    ['a duration of nothing', { auth: { session: { ttl: '0s' } } }, 'auth.session.ttl: expected'],
    ['a negative duration', { auth: { session: { ttl: -1 } } }, 'got -1'],
    ['a duration beyond reason', { auth: { session: { ttl: '99999d' } } }, 'got "99999d"'],
    ['half a millisecond', { auth: { session: { ttl: 1000.5 } } }, 'got 1000.5'],
    ['an unknown size', { websocket: { maxFrame: '16 parsecs' } }, 'websocket.maxFrame: expected a size from'],
    ['a port beyond the last', { server: { port: 65_536 } }, 'server.port: expected a whole number from 0 to 65535'],
    ['a fraction', { server: { port: 80.5 } }, 'got 80.5'],
    ['text for a number', { server: { port: '80' } }, 'got "80"'],
    ['one port for all', { server: { port: 80, adminPort: 80 } }, 'server.adminPort: expected another port'],
    ['a token that no header holds', { metrics: { token: 'a b' } }, 'metrics.token: expected a secret'],
    ['text for a boolean', { limits: { enabled: 'yes' } }, 'limits.enabled: expected true or false, got "yes"'],
    ['an unknown word', { auth: { mode: 'productoin' } }, 'expected stateful, stateless or bypass, got "productoin"'],
    ['none as algorithm', { auth: { jwt: { algorithm: 'none' } } }, 'auth.jwt.algorithm: expected EdDSA'],
    ['an unknown key', { auth: { sesion: {} } }, 'auth.sesion: expected a known key (did you mean session?)'],
    ['a key in snake_case', { data_dir: 'x' }, 'data_dir: expected a known key (did you mean dataDir?)'],
    ['a value for a section', { auth: 'stateful' }, 'auth: expected a section of keys, got "stateful"'],
    ['a bcrypt cost that does not exist', { auth: { password: { bcryptCost: 3 } } }, 'from 4 to 17, got 3'],
    [
      'memory too small for its lanes',
      { auth: { password: { argon2id: { memory: 24, parallelism: 4 } } } },
      'at least 32',
    ],
    ['short passwords', { auth: { password: { minLength: 4 } } }, 'auth.password.minLength'],
    ['a maximum below the minimum', { auth: { password: { minLength: 100, maxLength: 64 } } }, 'at least the minimum'],
    ['a base path with a trailing slash', { server: { basePaths: ['/auth/'] } }, 'server.basePaths'],
    ['a base path without a slash', { server: { basePaths: ['auth'] } }, 'server.basePaths'],
    ['a base path that climbs', { server: { basePaths: ['/auth/../x'] } }, 'server.basePaths'],
    ['a base path given twice', { server: { basePaths: ['/auth', '/auth'] } }, 'different paths'],
    ['no base path', { server: { basePaths: [] } }, 'server.basePaths'],
    ['the path of guests as a base path', { server: { basePaths: ['/session'] } }, 'not /session'],
    ['a wildcard origin', { server: { cors: { origins: ['*'] } } }, 'no wildcard'],
    ['a public URL with a path', { server: { publicUrl: 'https://a.example/x' } }, 'server.publicUrl'],
    ['a public URL with a user', { server: { publicUrl: 'https://u:p@a.example' } }, 'server.publicUrl'],
    ['a public URL of another scheme', { server: { publicUrl: 'javascript:alert(1)' } }, 'server.publicUrl'],
    ['a proxy by name', { server: { trustProxy: ['everyone'] } }, 'server.trustProxy'],
    ['a prefix too long', { server: { trustProxy: ['10.0.0.0/33'] } }, 'server.trustProxy'],
    ['an unknown database', { storage: { url: 'mysql://db/x' } }, 'storage.url: expected a database URL'],
    ['a host with a space', { server: { host: 'a b' } }, 'server.host'],
    ['no mode accepted', { auth: { accept: [] } }, 'auth.accept'],
    ['a mode accepted twice', { auth: { accept: ['stateful', 'stateful'] } }, 'auth.accept'],
    ['an empty secret', { auth: { jwt: { secret: '' } } }, 'auth.jwt.secret'],
  ])('%s is refused by its key', (_, input, message) => {
    expect(refusal(input)).toContain(message)
  })

  it('every problem is listed, one a line', () => {
    expect(refusal({ server: { port: -1 }, auth: { mode: 'x', nope: 1 } }).split('\n')).toHaveLength(3)
  })

  it('no confidential value is repeated, whatever is wrong with it', () => {
    const messages = [
      refusal({ secret: 12_345_678 }),
      refusal({ storage: { url: 'mysql://u:hunter2@db/x' } }),
      refusal({ auth: { jwt: { secret: [['hunter2']] } } }),
      refusal({ mail: { url: 'hunter2' } }),
      refusal({ server: { publicUrl: 'https://u:hunter2@a.example' } }),
      refusal({ secret: 'hunter2' }, 'production'),
    ].join('\n')
    expect(messages).not.toMatch(/hunter2|12345678/)
  })
})

describe('production', () => {
  it.each<[string, ConfigInput, string]>([
    ['NODE_ENV', {}, 'production'],
    ['a listener beyond loopback', { server: { host: '0.0.0.0' } }, 'test'],
    ['every IPv6 address', { server: { host: '::' } }, 'test'],
    ['a port of operators beyond loopback', { server: { adminHost: '0.0.0.0', adminPort: 9464 } }, 'test'],
    ['a name that is not localhost', { server: { host: 'accounts.example.com' } }, 'test'],
    ['an https public URL', { server: { publicUrl: 'https://a.example' } }, 'test'],
  ])('follows from %s', (_, input, nodeEnv) => {
    expect(parse(input, nodeEnv).production).toBe(true)
  })

  it.each<[string, ConfigInput]>([
    ['loopback', { server: { host: '127.8.9.10' } }],
    ['IPv6 loopback', { server: { host: '::1' } }],
    ['localhost', { server: { host: 'localhost' } }],
    ['an address of operators without a port', { server: { adminHost: '0.0.0.0' } }],
    ['an http public URL', { server: { publicUrl: 'http://a.example' } }],
  ])('does not follow from %s', (_, input) => {
    expect(parse(input).production).toBe(false)
  })

  it.each([
    ['a placeholder', 'your-production-jwt-secret-change-me'],
    ['a short one', 'k3J9x'],
    ['31 characters', STRONG.slice(1)],
    ['one letter repeated', 'a'.repeat(64)],
    ['a word repeated', 'abcdefghijk'.repeat(4)],
    ['counting up', '0123456789abcdefghijklmnopqrstuvwxyz'],
  ])('refuses %s as master key and as JWT secret; elsewhere it is accepted', (_, secret) => {
    expect(refusal({ secret }, 'production')).toMatch(/^secret: expected 32 random characters/)
    expect(refusal({ auth: { jwt: { secret: [STRONG, secret] } } }, 'production')).toMatch(/^auth.jwt.secret: expected/)
    expect(refusal({ secret: STRONG, metrics: { token: 'k3J9x' } }, 'production')).toMatch(/^metrics.token: expected/)
    expect(() => parse({ secret, auth: { jwt: { secret } } })).not.toThrow()
  })

  it('accepts random secrets of any usual alphabet', () => {
    const secrets = ['9f86d081884c7d659a2feaa0c55ad015', STRONG, 'v3ry+Random/Base64=='.padEnd(40, 'k9Qw7Zx1')]
    for (const secret of secrets) expect(() => parse({ secret }, 'production')).not.toThrow()
  })
})

describe('PostgreSQL', () => {
  it('needs the master key to be given', () => {
    expect(refusal({ storage: { url: 'postgres://db/x' } })).toContain('secret: expected a secret')
    expect(() => parse({ storage: { url: 'postgres://db/x' }, secret: STRONG })).not.toThrow()
  })
})

describe('bypass', () => {
  it('starts on loopback', () => {
    expect(parse({ auth: { mode: 'bypass' } }).auth.mode).toBe('bypass')
    expect(() => parse({ auth: { mode: 'bypass' }, server: { publicUrl: 'http://localhost:3000' } })).not.toThrow()
  })

  it.each<[string, ConfigInput, string]>([
    ['with NODE_ENV=production', {}, 'production'],
    ['beyond loopback', { server: { host: '0.0.0.0' } }, 'test'],
    ['with a public URL elsewhere', { server: { publicUrl: 'http://a.example' } }, 'test'],
    ['with an https public URL', { server: { publicUrl: 'https://localhost' } }, 'test'],
    ['behind a proxy', { server: { trustProxy: ['127.0.0.1'] } }, 'test'],
  ])('refuses %s', (_, input, nodeEnv) => {
    expect(refusal({ ...input, auth: { mode: 'bypass' } }, nodeEnv)).toContain('bypass')
  })
})
