import { defineCommand } from 'citty'
import type { Account, Api } from '../api.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { accountDocument } from './account-document.js'
import { answer } from './output.js'
import { configOption, idOf, jsonOption, tenantOption } from './shared-options.js'
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
      const found = await find(api, { id, email, tenant })
      if (found === null) throw new SallyportError('not_found', { detail: 'There is no such user.' })
      await api.users.disable(found.id)
      return (await api.users.find(found.id)) ?? found
    })
    answer(args.json, accountDocument(account), [`Disabled ${account.email ?? account.username} (${account.id}).`])
  },
})

interface Named {
  readonly id: string | undefined
  readonly email: string | undefined
  readonly tenant: string | undefined
}

async function find(api: Api, { id, email, tenant }: Named): Promise<Account | null> {
  if (email !== undefined)
    return api.users.findByEmail(tenant === undefined ? { email } : { email, tenantId: idOf(tenant, '--tenant') })
  return id === undefined ? null : api.users.find(idOf(id, 'the argument'))
}
