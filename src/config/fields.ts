import { z } from 'zod'
import { formatByteSize, parseByteSize } from './byte-size.js'
import { formatDuration, parseDuration } from './duration.js'

/** How a text from the environment becomes a value, and how a value is printed again. */
export type FieldKind = 'text' | 'integer' | 'boolean' | 'duration' | 'size' | 'list' | 'secret'

/** What is said about a key: in messages, in `config print` and in docs/configuration.md. */
export interface FieldNotes {
  readonly kind: FieldKind
  /** Completes the sentence "expected …". */
  readonly expected: string
  readonly about: string
  /** The environment variable that sets it. */
  readonly env?: string
  /** The default as documentation says it, where the schema has none of its own. */
  readonly defaultText?: string
  /** `whole`: never shown. `url`: shown without the password in it. */
  readonly confidential?: 'whole' | 'url'
}

/** The notes of every leaf of the schema. */
export const fieldNotes = z.registry<FieldNotes>()

type Notes = Omit<FieldNotes, 'kind' | 'expected'>

interface Range {
  readonly min: number
  readonly max: number
}

/** A whole number, ends included. */
export function integer(range: Range, fallback: number, notes: Notes) {
  return integerOf(range)
    .default(fallback)
    .register(fieldNotes, { kind: 'integer', expected: integerExpected(range), ...notes })
}

/** A whole number whose default is worked out later. */
export function optionalInteger(range: Range, notes: Notes) {
  return integerOf(range)
    .optional()
    .register(fieldNotes, { kind: 'integer', expected: integerExpected(range), ...notes })
}

/** A port, or none. */
export function optionalPort(notes: Notes) {
  return integerOf({ min: 0, max: 65_535 })
    .nullable()
    .default(null)
    .register(fieldNotes, { kind: 'integer', expected: integerExpected({ min: 0, max: 65_535 }), ...notes })
}

const integerOf = ({ min, max }: Range) => z.number().int().min(min).max(max)
const integerExpected = ({ min, max }: Range) => `a whole number from ${min} to ${max}`

export function flag(fallback: boolean, notes: Notes) {
  return z
    .boolean()
    .default(fallback)
    .register(fieldNotes, { kind: 'boolean', expected: 'true or false', ...notes })
}

/** A duration: text with a unit (`15m`), or in the library a number of milliseconds. Yields milliseconds. */
export function duration(range: { readonly min: string; readonly max: string }, fallback: string, notes: Notes) {
  const min = parseDuration(range.min) ?? 0
  const max = parseDuration(range.max) ?? 0
  return z
    .union([z.string(), z.number()])
    .transform((value, context) => {
      const milliseconds = typeof value === 'string' ? parseDuration(value) : value
      if (milliseconds !== null && Number.isInteger(milliseconds) && milliseconds >= min && milliseconds <= max)
        return milliseconds
      context.addIssue('not a duration in range')
      return z.NEVER
    })
    .prefault(fallback)
    .register(fieldNotes, {
      kind: 'duration',
      expected: `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as ${fallback}`,
      ...notes,
    })
}

/** A number of bytes: text with a unit (`16KiB`) or a bare number. Yields bytes. */
export function byteSize(range: Range, fallback: string, notes: Notes) {
  return z
    .union([z.string(), z.number()])
    .transform((value, context) => {
      const bytes = typeof value === 'string' ? parseByteSize(value) : value
      if (bytes !== null && Number.isInteger(bytes) && bytes >= range.min && bytes <= range.max) return bytes
      context.addIssue('not a size in range')
      return z.NEVER
    })
    .prefault(fallback)
    .register(fieldNotes, {
      kind: 'size',
      expected: `a size from ${formatByteSize(range.min)} to ${formatByteSize(range.max)}, such as ${fallback}`,
      ...notes,
    })
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  fallback: Words[number],
  notes: Notes,
) {
  return z
    .enum(words)
    .default(fallback)
    .register(fieldNotes, { kind: 'text', expected: listed(words), ...notes })
}

/** `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
