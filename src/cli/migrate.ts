import { defineCommand } from 'citty'
import { loadConfig } from '../config/load-config.js'
import { bringUpToDate } from '../server/bring-up-to-date.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'

export const migrateCommand = defineCommand({
  meta: { name: 'migrate', description: "Bring the database's schema up to date (serve does so by itself)" },
  args: { ...configOption, ...jsonOption },
  async run({ args }) {
    const { config } = await loadConfig({ file: args.config, cwd: process.cwd(), env: process.env })
    const applied = await bringUpToDate(config)
    answer(args.json, { applied }, [
      applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`,
    ])
  },
})
