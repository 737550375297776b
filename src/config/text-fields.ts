import { z } from 'zod'
import { type FieldNotes, fieldNotes } from './fields.js'

type Notes = Omit<FieldNotes, 'kind'>

/** A text that `parse` accepts by giving its normal form, or refuses by `null`. */
type Parse = (text: string) => string | null

function parsed(parse: Parse) {
  return z.string().transform((text, context) => {
    const value = parse(text)
    if (value !== null) return value
    context.addIssue('not accepted')
    return z.NEVER
  })
}

export function text(parse: Parse, fallback: string, notes: Notes) {
  return parsed(parse)
    .prefault(fallback)
    .register(fieldNotes, { kind: 'text', ...notes })
}

/** A text that may be absent: `null` in the configuration. */
export function optionalText(parse: Parse, notes: Notes) {
  return parsed(parse)
    .nullable()
    .default(null)
    .register(fieldNotes, { kind: 'text', ...notes })
}

/** A list of distinct texts. */
export function textList(parse: Parse, fallback: readonly string[], notes: Notes, least = 0) {
  return z
    .array(parsed(parse))
    .refine((items) => items.length >= least && new Set(items).size === items.length)
    .prefault([...fallback])
    .register(fieldNotes, { kind: 'list', ...notes })
}

/** One secret or several; yields a list. */
export function secrets(notes: Notes) {
  return z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .prefault([])
    .register(fieldNotes, { kind: 'secret', confidential: 'whole', ...notes })
}

/** Printable text without control characters. */
export const plainText: Parse = (value) => (/^[^\p{Cc}]{1,512}$/u.test(value) ? value : null)

/** A URL of one of these schemes, kept as it was written. */
export function urlOf(...schemes: readonly string[]): Parse {
  const start = new RegExp(`^(?:${schemes.join('|').replaceAll('+', String.raw`\+`)})://.`, 'i')
  // Several hosts (`redis+cluster://a:1,b:2`) are no URL in the sense of WHATWG.
  const wellFormed = (value: string) => value.includes(',') || URL.canParse(value)
  return (value) => (start.test(value) && plainText(value) !== null && wellFormed(value) ? value : null)
}
