import type { Config } from '../config/config.js'
import { pendingMigrations } from '../storage/migrations/migrate.js'
import { openStorage } from '../storage/open-storage.js'

/** Brings the schema up to date. @returns the steps that were missing before */
export async function bringUpToDate(config: Config): Promise<readonly string[]> {
  const options = { ...config.storage, production: config.production }
  const before = await openStorage({ ...options, migrate: false })
  let missing: readonly string[]
  try {
    missing = await pendingMigrations(before.db, before.dialect)
  } finally {
    await before.close()
  }
  const after = await openStorage(options)
  await after.close()
  return missing
}
