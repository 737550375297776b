import { defineCommand } from 'citty'
import { answer } from './output.js'
import { configOption, idOf, jsonOption } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const invitationsRevokeCommand = defineCommand({
  meta: { name: 'revoke', description: 'End an invitation: its link is dead' },
  args: {
    id: { type: 'positional', required: true, description: "The invitation's id" },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const id = idOf(args.id, 'the argument')
    await withAuth(args.config, (api) => api.invitations.revoke(id))
    answer(args.json, { revoked: id }, [`Revoked invitation ${id}.`])
  },
})
