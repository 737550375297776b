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
