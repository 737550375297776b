import { defineCommand } from 'citty'
import { stringify } from 'yaml'
import { loadConfig } from '../config/load-config.js'
import { maskedConfig } from '../config/masked-config.js'
import { configOption, jsonOption } from './shared-options.js'

export const configPrintCommand = defineCommand({
  meta: { name: 'print', description: 'Show the effective configuration, with secrets masked' },
  args: { ...configOption, ...jsonOption },
  async run({ args }) {
    const { config } = await loadConfig({ file: args.config, cwd: process.cwd(), env: process.env })
    const masked = maskedConfig(config)
    process.stdout.write(args.json === true ? `${JSON.stringify(masked)}\n` : stringify(masked))
  },
})
