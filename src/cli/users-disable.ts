import { defineCommand } from 'citty'
import { accountDocument } from './account-document.js'
import { findAccount } from './find-account.js'
import { answer } from './output.js'
import { configOption, jsonOption, tenantOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const usersDisableCommand = defineCommand({
  meta: { name: 'disable', description: 'Disable a user and end every session of theirs' },
  args: {
    id: { type: 'positional', required: false, description: "The user's id" },
    email: { type: 'string', valueHint: 'address', description: "The user's email address, instead of the id" },
    ...tenantOption,
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { id, email, tenant } = args
    if ((id === undefined) === (email === undefined)) throw new UsageError('give either an id or --email')
    const account = await withAuth(args.config, async (api) => {
      const found = await findAccount(api, { id, email, tenant }, 'the argument')
      await api.users.disable(found.id)
      return (await api.users.find(found.id)) ?? found
    })
    answer(args.json, accountDocument(account), [`Disabled ${account.email ?? account.username} (${account.id}).`])
  },
})
