import { TEST_ORIGIN } from '../../src/testing/index.js'
import type { Random } from '../faults/random.js'
import type { Shown } from './credentials.js'
import type { Operation } from './operations.js'
import { characters, fitting, headerText, hostile, type Known, mutated, pick } from './values.js'

export interface FuzzRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer> | null
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'get', 'QUERY', '__proto__']
const TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-7',
  'application/json;charset="utf-8"',
  'application/json, text/plain',
  'APPLICATION/JSON',
  'application/problem+json',
  '',
]
const RAW_BODIES = [
  '',
  '{',
  '[]',
  'null',
  '0',
  '"x"',
  '{}}',
  '\ufeff{}',
  '{"a":1e400}',
  `{"a":${'9'.repeat(5000)}}`,
  '['.repeat(5000),
  '{"a":'.repeat(5000),
  `{${Array.from({ length: 2000 }, (_, at) => `"k${at}":0`).join(',')}}`,
  `"${'x'.repeat(70_000)}"`,
  '{"__proto__":{"roles":["superadmin"]},"email":"a@example.com","password":"correct horse battery"}',
  '{"email":"a@example.com","email":"b@example.com"}',
  '{"email":"a@example.com","\\u0065mail":"b@example.com"}',
  '{"a":"\\ud800"}',
  '{"a":"\\u0000"}',
]
const INVALID_UTF8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]

/** A request of chance: mostly right, with one or more things about it that are not. */
export function requestOf(random: Random, operation: Operation, shown: Shown, known: Known): FuzzRequest {
  const method = random.chance(0.06) ? pick(random, METHODS) : operation.method
  const headers: Record<string, string> = { ...shown.headers }
  // A Request has no body with these, whatever is asked for.
  const body = /^(?:get|head)$/i.test(method) ? null : bodyOf(random, operation, known)
  if (body !== null) headers['content-type'] = random.chance(0.06) ? pick(random, TYPES) : 'application/json'
  if (random.chance(0.35)) disturb(random, headers, known)
  const url = TEST_ORIGIN + pathOf(random, operation, known) + queryOf(random, operation)
  return { url, method, headers, body }
}

function bodyOf(random: Random, { fields }: Operation, known: Known): FuzzRequest['body'] {
  if (fields === null && random.chance(0.9)) return null
  const kind = random.between(0, 19)
  if (kind === 0) return pick(random, RAW_BODIES)
  if (kind === 1) return JSON.stringify(hostile(random))
  if (kind === 2) return Uint8Array.from([0x7b, 0x22, ...pick(random, INVALID_UTF8), 0x22, 0x3a, 0x31, 0x7d])
  const entries = Object.entries(fields ?? {})
    .filter(() => random.chance(0.85))
    .map(([name, schema]): [string, unknown] => [
      name,
      random.chance(0.08) ? hostile(random) : fitting(random, name, schema, known),
    ])
  if (random.chance(0.1)) entries.push([pick(random, ['roles', 'id', 'is_admin', 'tenant_id', 'x']), hostile(random)])
  // Written by hand: an object literal would swallow `__proto__` and what comes twice.
  const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
  return kind === 3 ? mutated(random, text, () => characters(random, 1)) : text
}

function disturb(random: Random, headers: Record<string, string>, known: Known): void {
  const disturbances: readonly (() => readonly [string, string])[] = [
    () => ['origin', pick(random, [TEST_ORIGIN, 'null', 'https://evil.example', headerText(random, 20)])],
    () => ['sec-fetch-site', pick(random, ['same-origin', 'none', 'same-site', 'cross-site', headerText(random, 8)])],
    () => ['x-tenant-id', pick(random, [...known.ids, "' or 1=1 --", headerText(random, 40)])],
    () => ['x-forwarded-for', pick(random, ['203.0.113.7', '1.2.3.4, x,,', headerText(random, 60)])],
    () => ['x-request-id', headerText(random, random.between(0, 200))],
    () => ['user-agent', headerText(random, random.between(0, 2000))],
    () => ['host', pick(random, ['localhost:3000', 'evil.example', headerText(random, 30)])],
    () => ['content-encoding', pick(random, ['gzip', 'identity', 'br', headerText(random, 6)])],
    () => ['content-length', pick(random, ['0', '-1', '1e3', '999999999', '65537', 'x'])],
    () => ['transfer-encoding', 'chunked'],
    () => ['if-none-match', pick(random, ['*', '"x"', headerText(random, 50)])],
    () => ['accept', headerText(random, 40)],
    () => ['cookie', `${headerText(random, 300)}; ${headers['cookie'] ?? ''}`],
    () => ['cookie', `${'a=b; '.repeat(180)}${headers['cookie'] ?? ''}`],
    () => ['x-csrf-token', headerText(random, random.between(0, 200))],
    () => ['access-control-request-method', pick(random, ['POST', headerText(random, 10)])],
    () => ['x-http-method-override', 'DELETE'],
    () => ['x-original-url', '/auth/me'],
  ]
  for (let count = random.between(1, 3); count > 0; count--) {
    const [name, value] = pick(random, disturbances)()
    headers[name] = value
  }
}

function pathOf(random: Random, { path }: Operation, known: Known): string {
  const filled = path.replace(/\{\w+\}/g, () =>
    random.chance(0.6)
      ? pick(random, known.ids)
      : encodeURIComponent(
          pick(random, ['x', '..', 'a/b', '%', '__proto__', headerText(random, 30), 'é', '\0']) || '-',
        ),
  )
  if (random.chance(0.92)) return filled
  const at = random.between(1, filled.length - 1)
  return pick(random, [
    `/${filled}`,
    `${filled}/`,
    filled.toUpperCase(),
    `/.${filled}`,
    `/%2e${filled}`,
    `/x/..${filled}`,
    `${filled};x=1`,
    `${filled}%00`,
    `${filled}%20`,
    `${filled}/${'a'.repeat(4000)}`,
    filled.replaceAll('/', '\\'),
    `/${filled.slice(1).replaceAll('/', '%2f')}`,
    `${filled.slice(0, at)}%${filled.charCodeAt(at).toString(16)}${filled.slice(at + 1)}`,
    mutated(random, filled.slice(1), () => pick(random, [...'/%.;:@&=+$,~a0']))
      .replace(/^/, '/')
      .replace(/[?#]/g, ''),
  ])
}

function queryOf(random: Random, { queryNames }: Operation): string {
  if (random.chance(queryNames.length > 0 ? 0.4 : 0.85)) return ''
  const names = [...queryNames, 'access_token', 'a', '__proto__', 'callback', 'role[]', '%', '%ff', '%00']
  const values = ['current', '', 'x', '1', '%', '%ff', '%00', '__proto__', 'a%0d%0ab', '%f0%9f%98%80', 'x'.repeat(3000)]
  const count = random.chance(0.05) ? random.between(60, 70) : random.between(1, 3)
  return `?${Array.from({ length: count }, () => `${pick(random, names)}=${pick(random, values)}`).join('&')}`
}
