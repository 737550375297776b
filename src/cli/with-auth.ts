import type { Api } from '../api-types.js'
import { type Composition, composeAuth } from '../auth.js'
import { loadConfig } from '../config/load-config.js'
import { createLogger } from '../runtime/pino-logger.js'

/**
 * Runs `work` on the deployment that the configuration describes, and closes it whatever happens.
 * Only errors are logged, to stderr: stdout belongs to the answer.
 */
export async function withAuth<Result>(
  file: string | undefined,
  work: (api: Api, composition: Composition) => Promise<Result>,
): Promise<Result> {
  const { config } = await loadConfig({ file, cwd: process.cwd(), env: process.env })
  const logger = await createLogger({ level: 'error', format: config.log.format, output: process.stderr })
  const composition = await composeAuth(config, { logger })
  try {
    return await work(composition.auth.api, composition)
  } finally {
    await composition.auth.close()
  }
}
