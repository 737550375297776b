import { defineCommand } from 'citty'
import { SallyportError } from '../contract/sallyport-error.js'
import { DEFAULT_TENANT_ID } from '../storage/default-tenant.js'
import { oneTenant } from '../storage/tenant-scope.js'
import { answer } from './output.js'
import { configOption, idOf, jsonOption, tenantOption } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const sessionsRevokeCommand = defineCommand({
  meta: { name: 'revoke', description: 'End a session and its refresh tokens' },
  args: {
    id: { type: 'positional', required: true, description: "The session's id" },
    ...tenantOption,
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const id = idOf(args.id, 'the argument')
    const tenantId = args.tenant === undefined ? DEFAULT_TENANT_ID : idOf(args.tenant, '--tenant')
    const ended = await withAuth(args.config, (_, { sessions }) =>
      sessions.end(oneTenant(tenantId), id, { reason: 'administrator', actorId: null, client: null }),
    )
    if (!ended) throw new SallyportError('not_found', { detail: 'There is no such session, or it has ended already.' })
    answer(args.json, { revoked: id }, [`Ended session ${id}.`])
  },
})
