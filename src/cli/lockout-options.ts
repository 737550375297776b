import type { LockoutSelection } from '../api-types.js'
import { idOf } from './shared-options.js'

export const lockoutOptions = {
  email: {
    type: 'string',
    valueHint: 'address',
    description: 'Of this email address, whether or not an account has it',
  },
  address: { type: 'string', valueHint: 'IP address', description: 'From this address, or its network for IPv6' },
  tenant: {
    type: 'string',
    valueHint: 'id',
    description: 'Of this tenant (default: the default tenant with --email, else all)',
  },
} as const

export function lockoutSelection(args: {
  readonly email?: string | undefined
  readonly address?: string | undefined
  readonly tenant?: string | undefined
}): LockoutSelection {
  const { email, address, tenant } = args
  return {
    ...(email !== undefined && { email }),
    ...(address !== undefined && { address }),
    ...(tenant !== undefined && { tenantId: idOf(tenant, '--tenant') }),
  }
}
