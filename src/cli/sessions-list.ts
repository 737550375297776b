import { defineCommand } from 'citty'
import { findAccount } from './find-account.js'
import { answer } from './output.js'
import { configOption, jsonOption, tenantOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const sessionsListCommand = defineCommand({
  meta: { name: 'list', description: "List a user's sessions" },
  args: {
    user: { type: 'string', valueHint: 'id', description: "The user's id" },
    email: { type: 'string', valueHint: 'address', description: "The user's email address, instead of the id" },
    ...tenantOption,
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { user, email, tenant } = args
    if ((user === undefined) === (email === undefined)) throw new UsageError('give either --user or --email')
    const items = await withAuth(args.config, async (api, { sessions }) => {
      const account = await findAccount(api, { id: user, email, tenant }, '--user')
      const list = await sessions.list({ tenantId: account.tenantId, userId: account.id })
      return list.map((session) => ({
        id: session.id,
        user_id: session.userId,
        tenant_id: session.tenantId,
        ip_address: session.ipAddress,
        user_agent: session.userAgent,
        device: sessions.deviceName(session),
        auth_methods: session.authMethods,
        last_activity: new Date(session.lastActivity).toISOString(),
        created_at: new Date(session.createdAt).toISOString(),
        expires_at: new Date(sessions.expiresAt(session)).toISOString(),
      }))
    })
    const lines = items.map(
      (item) => `${item.id}  ${item.device}  ${item.ip_address ?? '-'}  last used ${item.last_activity}`,
    )
    answer(args.json, { items }, lines.length === 0 ? ['There is no session.'] : lines)
  },
})
