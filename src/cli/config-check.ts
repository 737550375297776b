import { defineCommand } from 'citty'
import { configWarnings } from '../config/config-warnings.js'
import { loadConfig } from '../config/load-config.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'

export const configCheckCommand = defineCommand({
  meta: { name: 'check', description: 'Say whether the configuration is usable, and what deserves attention' },
  args: { ...configOption, ...jsonOption },
  async run({ args }) {
    const { config, file } = await loadConfig({ file: args.config, cwd: process.cwd(), env: process.env })
    const warnings = configWarnings(config)
    answer(args.json, { ok: true, file, production: config.production, warnings }, [
      `${file ?? 'The configuration (no file, so defaults and environment)'} is usable.`,
      ...warnings.map(({ key, message }) => `warning: ${key}: ${message}`),
    ])
  },
})
