import { defineCommand } from 'citty'
import { accountDocument } from './account-document.js'
import { answer } from './output.js'
import { configOption, idOf, jsonOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const usersListCommand = defineCommand({
  meta: { name: 'list', description: 'List users in the order of their creation' },
  args: {
    tenant: { type: 'string', valueHint: 'id', description: 'Only of this tenant (default: all)' },
    limit: { type: 'string', valueHint: 'number', description: 'Users on a page, 1 to 200 (default: 50)' },
    cursor: { type: 'string', valueHint: 'cursor', description: 'Where the page before ended' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { tenant, cursor } = args
    const limit = args.limit === undefined ? 50 : Number(args.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > 200)
      throw new UsageError('--limit is a whole number from 1 to 200')
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
