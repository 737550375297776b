import { defineCommand } from 'citty'
import { buildFilter } from '../features/breached-passwords/breached-password-service.js'
import { answer } from './output.js'
import { showProgress } from './progress.js'
import { jsonOption } from './shared-options.js'
import { UsageError } from './usage-error.js'

export const breachedBuildCommand = defineCommand({
  meta: { name: 'build', description: 'Make the file of known passwords for auth.password.breached: offline' },
  args: {
    input: {
      type: 'positional',
      required: true,
      description: 'A file of lines: SHA-1[:count], as Have I Been Pwned gives them, or passwords',
    },
    output: { type: 'positional', required: true, description: 'The file to write' },
    'min-count': {
      type: 'string',
      valueHint: 'number',
      description: 'Leave out hashes that were seen less often (default: 1)',
    },
    ...jsonOption,
  },
  async run({ args }) {
    const minCount = Number(args['min-count'] ?? '1')
    if (!Number.isSafeInteger(minCount) || minCount < 1) throw new UsageError('--min-count is a whole number from 1')
    const progress = showProgress(process.stderr, 'Reading')
    try {
      const { input, output } = args
      const built = await buildFilter({ input, output, minCount, onProgress: progress.report })
      progress.end()
      const size = `${(built.bytes / 1_000_000).toFixed(1)} MB`
      answer(args.json, { file: output, ...built }, [`Wrote ${output}: ${built.entries} entries, ${size}.`])
    } catch (error) {
      progress.end()
      throw error
    }
  },
})
