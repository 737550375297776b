import { z } from 'zod'
import type { FieldError } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'

const MOST_PARAMETERS = 64

/** The parameters that a schema wants as a list, and so may come more than once. */
export function listParameters(schema: z.ZodType): ReadonlySet<string> {
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  if (!properties) throw new Error('The schema of a query is an object, and has no name of its own')
  const names = Object.entries(properties)
    .filter(([, property]) => typeof property === 'object' && property.type === 'array')
    .map(([name]) => name)
  return new Set(names)
}

/**
 * The query as an object of strings, and of lists where `lists` names the parameter.
 * @param text without the question mark
 * @throws `invalid_request` for a repeated single parameter or a malformed escape
 */
export function parseQuery(text: string, lists: ReadonlySet<string>): Record<string, string | string[]> {
  const pairs = text === '' ? [] : text.split('&', MOST_PARAMETERS + 1).filter((pair) => pair !== '')
  if (pairs.length > MOST_PARAMETERS) throw new SallyportError('invalid_request', { detail: 'The query is too long.' })
  const found = new Map<string, string[]>()
  for (const pair of pairs) {
    const [name = '', ...rest] = pair.split('=')
    const key = decode(name)
    found.set(key, [...(found.get(key) ?? []), decode(rest.join('='))])
  }
  const errors: FieldError[] = []
  const entries = [...found].map(([name, values]): [string, string | string[]] => {
    if (lists.has(name)) return [name, values]
    if (values.length > 1) errors.push({ path: name, message: 'must be given once' })
    return [name, values[0] ?? '']
  })
  if (errors.length > 0) throw new SallyportError('invalid_request', { errors })
  return Object.fromEntries(entries)
}

function decode(text: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformed()
  }
  if (decoded.includes('\0')) throw malformed()
  return decoded
}

function malformed(): SallyportError {
  return new SallyportError('invalid_request', { detail: 'The query has a malformed escape.' })
}
