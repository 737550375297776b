import type { z } from 'zod'
import type { FieldError } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  date: 'a time',
  null: 'null',
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  email: 'an email address',
  url: 'a URL',
  uuid: 'a UUID',
  guid: 'a UUID',
  datetime: 'an RFC 3339 time',
  date: 'a date',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
}

/**
 * Checks a value against a schema. Refusals are added to `errors` in plain words that never repeat the value.
 * @returns what the schema made of the value; `undefined` without a schema or after a refusal
 */
export function validate(schema: z.ZodType | undefined, value: unknown, errors: FieldError[]): unknown {
  if (schema === undefined) return undefined
  const result = schema.safeParse(value, { error: plainMessage, reportInput: false })
  if (result.success) return result.data
  for (const issue of result.error.issues) errors.push(...fieldErrors(issue))
  return undefined
}

/**
 * The typed result of a schema, for callers without a route around them.
 * @throws SallyportError `invalid_request` with every field that was refused
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: plainMessage, reportInput: false })
  if (result.success) return result.data
  throw new SallyportError('invalid_request', { errors: result.error.issues.flatMap(fieldErrors) })
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String)
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }]
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: issue.message }))
}

// A message written in the schema itself wins over this one: zod asks it first.
function plainMessage(issue: RawIssue): string {
  if (issue.input === undefined) return 'is required'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPE_NAMES[issue.expected] ?? 'of another type'}`
    case 'invalid_format':
      return `must be ${FORMAT_NAMES[issue.format] ?? 'in the documented form'}`
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`
    case 'too_small':
      return `must ${bound(issue.origin, 'least', String(issue.minimum))}`
    case 'too_big':
      return `must ${bound(issue.origin, 'most', String(issue.maximum))}`
    case 'unrecognized_keys':
      return 'is not a known field'
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_union':
      return 'is in none of the accepted forms'
    default:
      return 'is not valid'
  }
}

function bound(origin: string, which: 'least' | 'most', limit: string): string {
  if (origin === 'string') return `have at ${which} ${limit} characters`
  if (origin === 'array' || origin === 'set') return `have at ${which} ${limit} entries`
  return `be at ${which} ${limit}`
}
