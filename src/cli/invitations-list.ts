import { defineCommand } from 'citty'
import { invitationDocument } from './invitation-document.js'
import { answer } from './output.js'
import { configOption, idOf, jsonOption, limitOf, pageOptions } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const invitationsListCommand = defineCommand({
  meta: { name: 'list', description: 'List invitations that can still be accepted' },
  args: {
    tenant: { type: 'string', valueHint: 'id', description: 'Of this tenant (default: all)' },
    ...pageOptions('Invitations'),
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { cursor, tenant } = args
    const page = { limit: limitOf(args.limit), ...(cursor === undefined ? {} : { cursor }) }
    const selection = tenant === undefined ? {} : { tenantId: idOf(tenant, '--tenant') }
    const { items, nextCursor } = await withAuth(args.config, (api) => api.invitations.list({ ...selection, ...page }))
    const documents = items.map(invitationDocument)
    const lines = documents.map(({ id, email, role, expires_at }) => `${id}  ${email}  ${role}  until ${expires_at}`)
    if (nextCursor !== null) lines.push(`There are more: --cursor ${nextCursor}`)
    const shown = lines.length === 0 ? ['Nobody is invited.'] : lines
    answer(args.json, { items: documents, next_cursor: nextCursor }, shown)
  },
})
