import { describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from './config.js'
import { configurationPage } from './config-docs.js'
import { configWarnings } from './config-warnings.js'
import { keyLeaves, yamlKey } from './key-tree.js'
import { maskedConfig } from './masked-config.js'
import { isPartOf, NOT_YET } from './not-yet.js'

const warned = (input: ConfigInput, nodeEnv = 'test') =>
  configWarnings(parseConfig(input, { nodeEnv })).map(({ key }) => key)

describe('warnings', () => {
  it('there are none where nothing was given', () => {
    expect(warned({})).toEqual([])
  })

  it.each<[string, ConfigInput, string]>([
    ['bypass', { auth: { mode: 'bypass' } }, 'auth.mode'],
    ['production without a mail server', { server: { publicUrl: 'https://example.com' } }, 'mail.url'],
    ['workers', { server: { workers: 4 } }, 'server.workers'],
    ['a weak secret outside production', { secret: 'change-me' }, 'secret'],
    [
      'argon2id below what OWASP asks',
      { auth: { password: { argon2id: { memory: 8192 } } } },
      'auth.password.argon2id',
    ],
    ['a cheap bcrypt', { auth: { password: { algorithm: 'bcrypt', bcryptCost: 4 } } }, 'auth.password.bcrypt_cost'],
    ['a secret that is not used', { auth: { jwt: { secret: 'x', algorithm: 'ES256' } } }, 'auth.jwt.secret'],
  ])('%s is warned of', (_, input, key) => {
    expect(warned(input)).toContain(key)
  })

  it.each<[string, ConfigInput]>([
    ['no workers beside the first', { server: { workers: 1 } }],
    ['production with a mail server', { server: { publicUrl: 'https://example.com' }, mail: { url: 'smtp://mail' } }],
    ['no limit of sessions', { auth: { session: { maxSessionsPerUser: 0 } } }],
    ['registration closed, which is so', { auth: { registration: 'closed' } }],
    [
      'argon2id with less memory and more passes',
      { auth: { password: { argon2id: { memory: 7168, iterations: 5 } } } },
    ],
    [
      'the parameters of argon2id while bcrypt hashes',
      { auth: { password: { algorithm: 'bcrypt', argon2id: { memory: 64 } } } },
    ],
  ])('%s is not', (_, input) => {
    expect(warned(input)).toEqual([])
  })

  it('bypass is warned of on every start', () => {
    const [first] = configWarnings(parseConfig({ auth: { mode: 'bypass' } }, { nodeEnv: 'test' }))
    expect(first?.message).toContain('bypass')
  })

  it('every part without effect is a key that exists', () => {
    const keys = keyLeaves.map(({ path }) => yamlKey(path))
    for (const { key } of NOT_YET)
      expect(
        keys.some((leaf) => isPartOf(leaf, key)),
        key,
      ).toBe(true)
  })
})

describe('the page of documentation', () => {
  const page = configurationPage()

  it('has a row for every key and every variable', () => {
    for (const { path, notes } of keyLeaves) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${yamlKey(path)}\` |`))
      expect(row, yamlKey(path)).toContain(notes.about)
      if (notes.env !== undefined) expect(row).toContain(`\`${notes.env}\``)
      // Nothing in a cell may add a column.
      expect(row?.match(/(?<!\\)\|/g)).toHaveLength(6)
    }
  })

  it('says what has no effect so far', () => {
    expect(page).toMatch(/\| `sms\.webhook` .*No effect so far/)
    expect(page).not.toMatch(/\| `auth\.jwt\.rotation` .*No effect/)
  })

  it('does not depend on the machine', () => {
    expect(page).toContain('the number of cores')
  })
})

it('the masked configuration speaks in the names and units of YAML', () => {
  const config = parseConfig({ auth: { session: { ttl: '90s' } }, websocket: { maxFrame: 1000 } }, { nodeEnv: 'test' })
  const shown = maskedConfig(config)
  expect(shown).toMatchObject({
    auth: { session: { ttl: '90s', absolute_ttl: '30d' } },
    websocket: { max_frame: '1000B' },
  })
})
