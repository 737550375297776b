import { defineCommand } from 'citty'
import { lockoutOptions, lockoutSelection } from './lockout-options.js'
import { answer } from './output.js'
import { configOption, jsonOption, limitOf, pageOptions } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const lockoutsListCommand = defineCommand({
  meta: { name: 'list', description: 'List what is locked now' },
  args: { ...lockoutOptions, ...pageOptions('Lockouts'), ...configOption, ...jsonOption },
  async run({ args }) {
    const { cursor } = args
    const page = { limit: limitOf(args.limit), ...(cursor === undefined ? {} : { cursor }) }
    const selection = lockoutSelection(args)
    const { items, nextCursor } = await withAuth(args.config, (api) => api.lockouts.list({ ...selection, ...page }))
    const documents = items.map((item) => ({
      id: item.id,
      kind: item.kind,
      tenant_id: item.tenantId,
      user_id: item.userId,
      email: item.email,
      address: item.address,
      lockouts: item.lockouts,
      locked_until: item.lockedUntil.toISOString(),
    }))
    const lines = documents.map(({ kind, email, user_id, address, lockouts, locked_until }) => {
      const whom = kind === 'address' ? '' : `  ${email ?? user_id ?? 'no account'}`
      return `${kind}${whom}  ${address ?? 'any address'}  until ${locked_until} (number ${lockouts} in a row)`
    })
    if (nextCursor !== null) lines.push(`There are more: --cursor ${nextCursor}`)
    const shown = lines.length === 0 ? ['Nothing is locked.'] : lines
    answer(args.json, { items: documents, next_cursor: nextCursor }, shown)
  },
})
