import { defineCommand } from 'citty'
import { accountDocument } from './account-document.js'
import { answer } from './output.js'
import { configOption, idOf, jsonOption, limitOf, pageOptions } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const usersListCommand = defineCommand({
  meta: { name: 'list', description: 'List users in the order of their creation' },
  args: {
    tenant: { type: 'string', valueHint: 'id', description: 'Only of this tenant (default: all)' },
    ...pageOptions('Users'),
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { tenant, cursor } = args
    const limit = limitOf(args.limit)
    const { items, nextCursor } = await withAuth(args.config, (api) =>
      api.users.list({
        limit,
        ...(tenant === undefined ? {} : { tenantId: idOf(tenant, '--tenant') }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    )
    const lines = items.map(
      ({ id, email, username, disabledAt }) =>
        `${id}  ${email ?? '-'}  ${username}${disabledAt === null ? '' : '  (disabled)'}`,
    )
    if (nextCursor !== null) lines.push(`There are more: --cursor ${nextCursor}`)
    answer(args.json, { items: items.map(accountDocument), next_cursor: nextCursor }, lines)
  },
})
