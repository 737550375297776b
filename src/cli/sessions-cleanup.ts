import { defineCommand } from 'citty'
import { SallyportError } from '../contract/sallyport-error.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const sessionsCleanupCommand = defineCommand({
  meta: { name: 'cleanup', description: 'Remove now what ended long ago, as the server does by itself' },
  args: { ...configOption, ...jsonOption },
  async run({ args }) {
    const removed = await withAuth(args.config, async (_, { cleanUp }) => {
      for (let sum = 0; ; ) {
        const swept = await cleanUp()
        if (swept === null) throw new SallyportError('conflict', { detail: 'A server is cleaning up at this moment.' })
        sum += swept.removed
        if (swept.isThrough) return sum
      }
    })
    const line = removed === 0 ? 'There was nothing to remove.' : `Removed ${removed} rows that ended long ago.`
    answer(args.json, { removed }, [line])
  },
})
