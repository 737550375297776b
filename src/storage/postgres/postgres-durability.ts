import { type Kysely, sql } from 'kysely'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { StorageLogger } from '../storage-logger.js'
import type { Tables } from '../tables.js'

export interface DurabilityPolicy {
  readonly production: boolean
  readonly allowUnsafeDurability: boolean
  readonly logger: StorageLogger | undefined
}

interface ServerSettings {
  readonly synchronous_commit: string
  readonly fsync: string
  readonly full_page_writes: string
  readonly server_encoding: string
}

/**
 * Reads whether the server keeps what it commits through a crash. Where it does not: a warning, and in production
 * a refusal unless `storage.allow_unsafe_durability` is set.
 * @throws SallyportError `unavailable`
 */
export async function assertDurable(db: Kysely<Tables>, policy: DurabilityPolicy): Promise<void> {
  const { rows } = await sql<ServerSettings>`select
    current_setting('synchronous_commit') as synchronous_commit,
    current_setting('fsync') as fsync,
    current_setting('full_page_writes') as full_page_writes,
    current_setting('server_encoding') as server_encoding`.execute(db)
  const [settings] = rows
  if (settings === undefined) throw new SallyportError('internal', { cause: new Error('No row of settings') })
  const { server_encoding, ...durability } = settings
  if (server_encoding !== 'UTF8') {
    throw new SallyportError('unavailable', {
      detail: `The database's encoding is ${server_encoding}; create it with encoding UTF8.`,
    })
  }
  const off = Object.entries(durability).flatMap(([name, value]) => (value === 'off' ? [name] : []))
  if (off.length === 0) return
  const found = off.map((name) => `${name}=off`).join(', ')
  if (policy.production && !policy.allowUnsafeDurability) {
    throw new SallyportError('unavailable', {
      detail: `PostgreSQL runs with ${found}: a crash can lose what was answered as done. Switch it on, or set storage.allow_unsafe_durability.`,
    })
  }
  policy.logger?.warn({ settings: off }, `PostgreSQL runs with ${found}: a crash can lose what was answered as done`)
}
