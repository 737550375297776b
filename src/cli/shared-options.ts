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

/** The id that an option or argument gives, in its canonical spelling. @throws UsageError where it is none */
export function idOf(text: string, name: string): string {
  const id = text.toLowerCase()
  if (!isUuid(id)) throw new UsageError(`${name} is an id, such as 0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b`)
  return id
}
