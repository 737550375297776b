import { defineCommand } from 'citty'
import { loadConfig } from '../config/load-config.js'
import { createLogger } from '../runtime/pino-logger.js'
import { serve } from '../server/serve.js'
import { configOption, jsonOption } from './shared-options.js'

export const serveCommand = defineCommand({
  meta: { name: 'serve', description: 'Serve HTTP until SIGTERM or SIGINT' },
  args: {
    ...configOption,
    host: { type: 'string', valueHint: 'address', description: 'The address to listen on' },
    port: { type: 'string', valueHint: 'number', description: 'The port; 0 picks a free one' },
    ...jsonOption,
  },
  async run({ args }) {
    const { config, file } = await loadConfig({
      file: args.config,
      cwd: process.cwd(),
      env: process.env,
      overrides: { host: args.host, port: args.port },
    })
    const format = args.json === true ? 'json' : config.log.format
    const logger = await createLogger({ level: config.log.level, format })
    logger.debug({ file, production: config.production }, 'read the configuration')
    return serve({
      config,
      logger,
      threads: Number(process.env['UV_THREADPOOL_SIZE']) || 4,
      announce(url, adminUrl) {
        const document = adminUrl === null ? { url } : { url, admin_url: adminUrl }
        process.stdout.write(args.json === true ? `${JSON.stringify(document)}\n` : `Sallyport listens on ${url}\n`)
        if (adminUrl !== null) logger.info({ url: adminUrl }, 'metrics and health have a port of their own')
      },
    })
  },
})
