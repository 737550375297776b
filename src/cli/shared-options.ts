import { isUuid } from '../runtime/ids.js'
import { UsageError } from './usage-error.js'

/** Options that every command takes. */
export const configOption = {
  config: {
    type: 'string',
    valueHint: 'file',
    description: 'The configuration file (default: sallyport.yaml, if any)',
  },
} as const

export const jsonOption = {
  json: { type: 'boolean', description: 'Answer with one JSON document on standard output' },
} as const

export const tenantOption = {
  tenant: { type: 'string', valueHint: 'id', description: 'The tenant (default: the default tenant)' },
} as const

/** Options of a list. @param what it lists */
export function pageOptions(what: string) {
  return {
    limit: { type: 'string', valueHint: 'number', description: `${what} on a page, 1 to 200 (default: 50)` },
    cursor: { type: 'string', valueHint: 'cursor', description: 'Where the page before ended' },
  } as const
}

/** @throws UsageError where `--limit` is no size of a page */
export function limitOf(text: string | undefined): number {
  const limit = text === undefined ? 50 : Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > 200)
    throw new UsageError('--limit is a whole number from 1 to 200')
  return limit
}

/** The id that an option or argument gives, in its canonical spelling. @throws UsageError where it is none */
export function idOf(text: string, name: string): string {
  const id = text.toLowerCase()
  if (!isUuid(id)) throw new UsageError(`${name} is an id, such as 0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b`)
  return id
}
