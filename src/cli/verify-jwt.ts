import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { composeAuth } from '../auth.js'
import type { Config } from '../config/config.js'
import { ConfigError, formatProblem } from '../config/config-error.js'
import { loadConfig } from '../config/load-config.js'
import { ERROR_CODES } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { pendingMigrations } from '../storage/migrations/migrate.js'
import { openStorage } from '../storage/open-storage.js'
import { parseStorageUrl } from '../storage/storage-url.js'

export interface Verification {
  /** Null where it could not be tried. */
  readonly verified: boolean | null
  readonly code?: string
  readonly reason?: string
}

/** Holds a JWT against the keys of the configuration, where there are any. Makes no database and changes no schema. */
export async function verifyJwt(token: string, file: string | undefined): Promise<Verification> {
  try {
    const { config } = await loadConfig({ file, cwd: process.cwd(), env: process.env })
    const obstacle = await obstacleOf(config)
    return obstacle === null ? await verify(token, config) : { verified: null, reason: obstacle }
  } catch (error) {
    return { verified: null, reason: reasonOf(error) }
  }
}

async function verify(token: string, config: Config): Promise<Verification> {
  const { auth, tokens } = await composeAuth(config)
  try {
    await tokens.checkJwt(token)
    return { verified: true }
  } catch (error) {
    if (!(error instanceof SallyportError) || error.status >= 500) throw error
    return { verified: false, code: error.code, reason: `${ERROR_CODES[error.code].title}.` }
  } finally {
    await auth.close()
  }
}

/** Why composing would make a database or change its schema, or null: a look into a token does neither. */
async function obstacleOf(config: Config): Promise<string | null> {
  const target = parseStorageUrl(config.storage.url)
  if (target.dialect === 'sqlite' && !existsSync(target.path)) return 'there is no database yet.'
  if (config.secret === null && !existsSync(join(config.dataDir, 'master.key'))) return 'there is no master key.'
  const storage = await openStorage({ ...config.storage, production: config.production, migrate: false })
  try {
    const missing = await pendingMigrations(storage.db, storage.dialect)
    return missing.length === 0 ? null : 'the database is of an older version: run sallyport migrate first.'
  } finally {
    await storage.close()
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ConfigError)
    return `the configuration is not usable. ${error.problems.map(formatProblem).join(' ')}`
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return line
}
