import { defineCommand } from 'citty'
import { accountDocument } from './account-document.js'
import { answer } from './output.js'
import { readPassword } from './read-password.js'
import { configOption, idOf, jsonOption, tenantOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const usersCreateCommand = defineCommand({
  meta: { name: 'create', description: 'Create a user, such as the first administrator' },
  args: {
    email: { type: 'string', required: true, valueHint: 'address', description: 'The email address' },
    username: { type: 'string', valueHint: 'name', description: 'The name to show (default: from the address)' },
    role: { type: 'string', valueHint: 'role', description: "The role (default: the tenant's default role)" },
    verified: { type: 'boolean', description: 'You vouch for the address: it need not prove itself' },
    ...tenantOption,
    'password-stdin': { type: 'boolean', description: 'Read the password from standard input' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const password = args['password-stdin'] === true ? await readPassword(process.stdin) : await askPassword()
    const { email, username, role, tenant } = args
    const account = await withAuth(args.config, (api) =>
      api.users.create({
        email,
        password,
        emailVerified: args.verified === true,
        ...(username === undefined ? {} : { username }),
        ...(role === undefined ? {} : { role }),
        ...(tenant === undefined ? {} : { tenantId: idOf(tenant, '--tenant') }),
      }),
    )
    const document = { ...accountDocument(account), ...(role === undefined ? {} : { role }) }
    answer(args.json, document, [`Created ${account.email} (${account.id}).`])
  },
})

async function askPassword(): Promise<string> {
  if (process.stdin.isTTY !== true)
    throw new UsageError('--password-stdin is missing: without a terminal the password comes from standard input')
  const { isCancel, password } = await import('@clack/prompts')
  const typed = await password({ message: 'Password' })
  if (isCancel(typed)) throw new Error('no password was given')
  return typed
}
