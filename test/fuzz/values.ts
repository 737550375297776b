import type { Random } from '../faults/random.js'
import type { JsonSchema } from './operations.js'

/** What a good request is made of. */
export interface Known {
  readonly emails: readonly string[]
  readonly passwords: readonly string[]
  readonly tokens: readonly string[]
  readonly ids: readonly string[]
}

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then']

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  'e\u0301'.repeat(40),
  '\u202egpj.exe',
  '\ufeff',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\u{10ffff}',
  '\uff41@\uff42.\uff43',
  'a@b.c,d@e.f',
  'a@example.com\r\nBcc: b@example.com',
  "' or 1=1 --",
  '$' + '{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '%00%2e%2e%2f',
  '\r\nFLUSHALL\r\n',
  '*',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e400',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  'Bearer x',
  'a'.repeat(65),
  'a'.repeat(255),
  'a'.repeat(4097),
  '\u00e9'.repeat(2000),
  ...PROTOTYPE_NAMES,
]

const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, -(2 ** 63)]

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const found = random.pick(items)
  if (found === undefined) throw new Error('there is nothing to pick from')
  return found
}

/** A value that its schema describes, or nearly so. */
export function fitting(random: Random, name: string, schema: JsonSchema, known: Known): unknown {
  if (schema.enum) return pick(random, schema.enum)
  if (schema.const !== undefined) return schema.const
  if (schema.format === 'email') return random.chance(0.7) ? pick(random, known.emails) : newAddress(random)
  if (schema.format === 'password') return pick(random, known.passwords)
  if (schema.format === 'uuid') return pick(random, known.ids)
  if (/token/.test(name)) return pick(random, known.tokens)
  if (schema.type === 'boolean') return random.chance(0.5)
  if (schema.type === 'integer' || schema.type === 'number') return random.between(0, 100)
  if (schema.type === 'array') return []
  if (schema.type === 'object') return {}
  return `name ${random.between(0, 99)}`
}

/** Anything that JSON can hold, and no program hopes for. */
export function hostile(random: Random, depth = 0): unknown {
  const kind = random.between(0, depth > 3 ? 4 : 7)
  if (kind <= 1) return pick(random, TEXTS)
  if (kind === 2) return pick(random, NUMBERS)
  if (kind === 3) return pick(random, [true, false, null])
  if (kind === 4) return characters(random, random.between(0, 80))
  if (kind === 5) return Array.from({ length: random.between(0, 4) }, () => hostile(random, depth + 1))
  const entries = Array.from({ length: random.between(0, 4) }, (): [string, unknown] => [
    pick(random, [...PROTOTYPE_NAMES, '$ne', '$gt', 'email', 'password', 'roles', '', 'a.b', '0']),
    hostile(random, depth + 1),
  ])
  return Object.fromEntries(entries)
}

/** Characters of every plane, halves of pairs among them. */
export function characters(random: Random, length: number): string {
  let text = ''
  for (let count = 0; count < length; count++) {
    const plane = random.between(0, 3)
    if (plane === 0) text += String.fromCharCode(random.between(0, 0x1f))
    else if (plane === 1) text += String.fromCharCode(random.between(0x20, 0x7e))
    else if (plane === 2) text += String.fromCharCode(random.between(0x80, 0xffff))
    else text += String.fromCodePoint(random.between(0x10000, 0x10ffff))
  }
  return text
}

/** Bytes that a header may hold and still be sent. */
export function headerText(random: Random, length: number): string {
  let text = ''
  for (let count = 0; count < length; count++) {
    text += String.fromCharCode(random.chance(0.8) ? random.between(0x20, 0x7e) : random.between(0x80, 0xff))
  }
  return text.trim()
}

/** A text with a few of its characters changed, doubled, cut or dropped. */
export function mutated(random: Random, text: string, replacement: () => string): string {
  let result = text
  for (let count = random.between(1, 3); count > 0; count--) {
    const at = random.between(0, result.length)
    const kind = random.between(0, 3)
    if (kind === 0) result = result.slice(0, at) + replacement() + result.slice(at + 1)
    else if (kind === 1) result = result.slice(0, at) + replacement() + result.slice(at)
    else if (kind === 2) result = result.slice(0, at)
    else result = result.slice(0, at) + result.slice(at + random.between(1, 4))
  }
  return result
}

function newAddress(random: Random): string {
  return `new-${random.between(0, 1e9)}@example.com`
}
