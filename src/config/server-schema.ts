import { z } from 'zod'
import { isAddressOrNetwork, parseOrigin } from './addresses.js'
import { choice, duration, flag, integer, optionalPort } from './fields.js'
import { optionalText, plainText, text, textList, urlOf } from './text-fields.js'

const parseHost = (value: string) => (/^[A-Za-z0-9.:_-]{1,253}$/.test(bare(value)) ? bare(value) : null)
const bare = (value: string) => value.replace(/^\[(.*)\]$/, '$1')
/** Where guests are, whose `refresh` is another. */
const GUESTS = '/session'
const parseBasePath = (value: string) =>
  /^(?:\/[A-Za-z0-9._~-]+)+$/.test(value) && !value.includes('/.') && value !== GUESTS ? value : null
const parseNetwork = (value: string) => (isAddressOrNetwork(value) ? value : null)

export const serverSchema = z.strictObject({
  host: text(parseHost, '127.0.0.1', {
    expected: 'a host name or address to listen on',
    about: 'The address that the server listens on. Anything beyond loopback makes the rules for production apply.',
    env: 'HOST',
  }),
  port: integer({ min: 0, max: 65_535 }, 3000, {
    about: 'The port; 0 picks a free one.',
    env: 'PORT',
  }),
  adminHost: text(parseHost, '127.0.0.1', {
    expected: 'a host name or address to listen on',
    about: 'The address of `admin_port`. Anything beyond loopback makes the rules for production apply.',
  }),
  adminPort: optionalPort({
    about:
      'A port for operators alone: `/metrics` answers there and no longer on the main port, `/health` on both. 0 picks a free one. None: everything is on the main port.',
  }),
  publicUrl: optionalText(parseOrigin, {
    expected: 'an http or https origin without a path, such as https://accounts.example.com',
    about:
      'The origin under which browsers reach the server. Its scheme decides the names of cookies; https makes the rules for production apply.',
    env: 'PUBLIC_URL',
  }),
  basePaths: textList(
    parseBasePath,
    ['/auth', '/api/auth'],
    {
      expected:
        'a list of different paths such as /auth (at least one, not /session), each with a leading and no trailing slash',
      about: 'The prefixes under which the endpoints of `/auth` answer, all alike.',
    },
    1,
  ),
  trustProxy: textList(parseNetwork, [], {
    expected: 'a list of addresses or networks, such as 10.0.0.0/8',
    about: 'The proxies whose forwarded headers are believed. Empty: none, and the address is that of the connection.',
  }),
  cors: z
    .strictObject({
      origins: textList(parseOrigin, [], {
        expected: 'a list of exact origins, such as https://app.example.com (no wildcard)',
        about: 'The other origins whose pages may call the API with credentials.',
      }),
    })
    .prefault({}),
  workers: integer({ min: 1, max: 256 }, 1, { about: 'The number of processes that share the port.' }),
})

export const storageSchema = z.strictObject({
  url: optionalText(urlOfStorage, {
    expected: 'a database URL: sqlite:./file.db, sqlite::memory: or postgres://…',
    about: 'The database. PostgreSQL needs `SALLYPORT_SECRET`.',
    env: 'DATABASE_URL',
    defaultText: 'sqlite:<data_dir>/sallyport.db',
    confidential: 'url',
  }),
  directUrl: optionalText(urlOf('postgres', 'postgresql'), {
    expected: 'a postgres:// URL',
    about: 'A connection past a pooler such as PgBouncer, for what needs a session of its own (LISTEN, locks).',
    confidential: 'url',
  }),
  pool: z
    .strictObject({
      max: integer({ min: 1, max: 1000 }, 10, { about: 'The most connections to PostgreSQL that one process opens.' }),
    })
    .prefault({}),
  statementTimeout: duration({ min: '100ms', max: '10m' }, '10s', {
    about: 'How long one statement may run before it is given up.',
  }),
  allowUnsafeDurability: flag(false, {
    about:
      'Start in production although the database may lose what it has acknowledged (`synchronous_commit` or `fsync` off).',
  }),
})

function urlOfStorage(value: string): string | null {
  const known = /^sqlite:(?!\/\/(?![./]))[^?#]+$/.test(value)
    ? plainText(value)
    : urlOf('postgres', 'postgresql')(value)
  return known
}

export const metricsSchema = z.strictObject({
  enabled: flag(true, { about: 'Whether `/metrics` answers.' }),
  token: optionalText((value) => (/^[A-Za-z0-9\-._~+/]+=*$/.test(value) ? value : null), {
    expected: 'a secret of 32 random characters or more, as base64 or hexadecimal',
    about:
      'What a scraper sends as `Authorization: Bearer`. None: in production `/metrics` answers callers on the same machine alone, unless it has a port of its own.',
    env: 'SALLYPORT_METRICS_TOKEN',
    confidential: 'whole',
  }),
})

export const logSchema = z.strictObject({
  level: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info', {
    about: 'The least severe level that is written.',
    env: 'LOG_LEVEL',
  }),
  format: choice(['auto', 'json', 'pretty'], 'auto', {
    about: '`auto`: readable on a terminal, JSON lines elsewhere.',
  }),
})
