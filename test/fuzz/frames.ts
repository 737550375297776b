import type { Random } from '../faults/random.js'
import { pick } from './values.js'

/** The request that nobody sends by itself: were it answered, the bytes of a body had become a request. */
const HIDDEN = 'GET /auth/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'

const TARGETS = [
  '/auth/me',
  '/auth/login',
  '//auth/me',
  '/auth/%6de',
  'http://localhost/auth/me',
  '*',
  '/a b',
  '/\u00ff',
  '',
]
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.10', 'http/1.1', '']
const METHODS = ['POST', 'POST', 'GET', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'G T', '']
const LENGTHS = [
  '0',
  '2',
  '02',
  '+2',
  '-1',
  '2, 2',
  '2 2',
  '0x2',
  '2e0',
  '99999999999999999999',
  `${HIDDEN.length}`,
  '',
]
const CODINGS = [
  'chunked',
  'Chunked',
  ' chunked',
  'xchunked',
  'chunked, chunked',
  'identity',
  'gzip, chunked',
  'chunked;q=1',
]
const CHUNK_SIZES = [
  '2',
  '02',
  '2;a=b',
  '2 ;a',
  '0x2',
  '-2',
  'ffffffffffffffff',
  '1000000000',
  'g',
  '',
  ' 2',
  `2;${'e'.repeat(20_000)}`,
]
const HEADERS = [
  'X-A: b\r\n c',
  'X-A : b',
  ': b',
  'X-A',
  'X-A: \0',
  'X-A: a\rb',
  'X\u00ffA: b',
  'Host: evil.example',
  'Authorization: Bearer x',
  'Authorization: Bearer y',
  'Expect: 100-continue',
  'Expect: nothing',
  'Upgrade: websocket\r\nConnection: Upgrade',
  'Upgrade: h2c\r\nHTTP2-Settings: x',
  'Connection: close, content-length',
  'Transfer-Encoding: identity',
  'Content-Type: application/json',
  `Cookie: ${'a=b; '.repeat(20)}`,
  `X-A: ${'a'.repeat(9000)}`,
  `X-A: ${'a'.repeat(17_000)}`,
  ...Array.from({ length: 3 }, (_, at) => 'X-M: a\r\n'.repeat(40 + 40 * at).trimEnd()),
]

/** A few bytes to a whole pipeline of requests, framed as no honest client does. */
export function frameOf(random: Random): Buffer {
  const parts = Array.from({ length: random.between(1, 3) }, () => requestOf(random))
  const text = parts.join('')
  const cut = random.chance(0.1) ? text.slice(0, random.between(0, text.length)) : text
  return Buffer.from(random.chance(0.1) ? garbled(random, cut) : cut, 'latin1')
}

function requestOf(random: Random): string {
  /** Mostly right, so that what is wrong stands behind and before what is not. */
  const usual = <Item>(item: Item, others: readonly Item[]) => (random.chance(0.8) ? item : pick(random, others))
  const end = random.chance(0.97) ? '\r\n' : pick(random, ['\n', '\r', '\r\r\n', '\n\r'])
  const line = `${usual('POST', METHODS)} ${usual('/auth/me', TARGETS)} ${usual('HTTP/1.1', VERSIONS)}`
  const headers = random.chance(0.98) ? ['Host: localhost'] : []
  for (let count = random.chance(0.6) ? 0 : random.between(1, 3); count > 0; count--)
    headers.push(pick(random, HEADERS))
  const isChunked = random.chance(0.4)
  if (isChunked) headers.push(`Transfer-Encoding: ${usual('chunked', CODINGS)}`)
  if (random.chance(isChunked ? 0.1 : 0.9)) headers.push(`Content-Length: ${usual('2', LENGTHS)}`)
  if (random.chance(0.1)) headers.push(`Content-Length: ${pick(random, LENGTHS)}`)
  const body = isChunked ? chunksOf(random) : random.chance(0.3) ? HIDDEN : '{}'
  return `${[line, ...headers].join(end)}${end}${end}${body}`
}

function chunksOf(random: Random): string {
  const size = random.chance(0.8) ? '2' : pick(random, CHUNK_SIZES)
  const last = random.chance(0.8)
    ? '0\r\n\r\n'
    : pick(random, ['0\r\nX-Trailer: a\r\n\r\n', '0\n\n', '0\r\nHost: evil\r\n\r\n', ''])
  return `${size}\r\n{}${random.chance(0.9) ? '\r\n' : 'x'}${last}${random.chance(0.3) ? HIDDEN : ''}`
}

function garbled(random: Random, text: string): string {
  const at = random.between(0, text.length)
  return text.slice(0, at) + String.fromCharCode(random.between(0, 255)) + text.slice(at + random.between(0, 2))
}
