import { defineCommand } from 'citty'
import { accountDocument } from './account-document.js'
import { findAccount } from './find-account.js'
import { answer } from './output.js'
import { readPassword } from './read-password.js'
import { configOption, jsonOption, tenantOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const usersResetPasswordCommand = defineCommand({
  meta: { name: 'reset-password', description: 'Send a user a link that sets a new password, or set it here' },
  args: {
    id: { type: 'positional', required: false, description: "The user's id" },
    email: { type: 'string', valueHint: 'address', description: "The user's email address, instead of the id" },
    ...tenantOption,
    'password-stdin': { type: 'boolean', description: 'Set the password that standard input gives, and send no link' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { id, email, tenant } = args
    if ((id === undefined) === (email === undefined)) throw new UsageError('give either an id or --email')
    const password = args['password-stdin'] === true ? await readPassword(process.stdin) : null
    const account = await withAuth(args.config, async (api, { sendMail }) => {
      const found = await findAccount(api, { id, email, tenant }, 'the argument')
      if (password === null) await api.users.sendPasswordReset(found.id)
      else await api.users.setPassword(found.id, password)
      // What cannot be sent now stays in the queue, for the server.
      await sendMail()
      return found
    })
    const name = account.email ?? account.username
    const done = password === null ? `A link goes to ${name}.` : `Set the password of ${name}, and ended every session.`
    answer(args.json, { ...accountDocument(account), link_sent: password === null }, [done])
  },
})
