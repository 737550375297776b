import { randomBytes } from 'node:crypto'
import type { Config } from './config/config.js'
import { readOrCreateMasterSecret } from './crypto/master-secret-file.js'
import type { Logger } from './runtime/logger.js'

/** With SQLite the secret is made once into the data folder; with PostgreSQL the configuration has refused its absence. */
export function masterSecret(config: Config, logger: Logger): string {
  if (config.secret !== null) return config.secret
  if (config.storage.url === 'sqlite::memory:') return randomBytes(32).toString('base64url')
  const { secret, created } = readOrCreateMasterSecret(config.dataDir)
  if (created) {
    logger.info(
      { folder: config.dataDir },
      'made the master key: keep a copy of master.key beside the backups of the database',
    )
  }
  return secret
}
