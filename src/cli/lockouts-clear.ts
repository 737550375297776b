import { defineCommand } from 'citty'
import { lockoutOptions, lockoutSelection } from './lockout-options.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const lockoutsClearCommand = defineCommand({
  meta: { name: 'clear', description: 'Let in again what is locked, and forget the wrong guesses before' },
  args: {
    ...lockoutOptions,
    all: { type: 'boolean', description: 'Everything, or everything of --tenant' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const isNamed = args.email !== undefined || args.address !== undefined
    if (isNamed === (args.all === true)) throw new UsageError('give --email, --address or both; or --all')
    const selection = lockoutSelection(args)
    const cleared = await withAuth(args.config, (api) => api.lockouts.clear(selection))
    answer(args.json, { cleared }, [cleared === 0 ? 'Nothing was locked.' : `Cleared ${cleared} of what was locked.`])
  },
})
