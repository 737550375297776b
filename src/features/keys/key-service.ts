import { randomBytes } from 'node:crypto'
import { type MasterKey, SealError } from '../../crypto/master-key.js'
import type { Clock } from '../../runtime/clock.js'
import type { Storage } from '../../storage/storage.js'
import type { KeysTable } from '../../storage/tables.js'
import { insertKeyIfAbsent, listKeys, nextKeyId, settleSetting } from './key-store.js'
import type { SessionKey } from './key-types.js'

/** How long an unknown key id is taken for forged before the database is asked again, in milliseconds. */
const RELOAD_PAUSE = 1_000

/** The master key does not fit the database: the start ends here, before a session can be broken. */
export class MasterKeyMismatch extends Error {
  constructor() {
    super(
      'SALLYPORT_SECRET is not the master key that this database was made with. Start with the right one: ' +
        'without it no key in the database can be opened, and every session would end.',
    )
    this.name = 'MasterKeyMismatch'
  }
}

export interface Keyring {
  /** The key that new session tokens are derived with. */
  activeSessionKey(): SessionKey
  /** The key of that id, or null where there is none. Asks the database when another node may have made it. */
  sessionKey(id: number): Promise<SessionKey | null>
  /** @throws Error when no key can derive tokens, or the stored keys cannot be opened; for readiness */
  check(): Promise<void>
}

/**
 * Opens the keyring: proves the master key against the database's check value, and makes the first key where there is
 * none. Nodes that start together agree on one key.
 * @throws MasterKeyMismatch
 */
export async function openKeyring(parts: {
  readonly storage: Storage
  readonly masterKey: MasterKey
  readonly clock: Clock
}): Promise<Keyring> {
  const { storage, masterKey, clock } = parts
  const settled = await settleSetting(storage.db, 'master_key_check', masterKey.checkValue)
  if (!masterKey.matches(settled)) throw new MasterKeyMismatch()

  let keys = new Map<number, SessionKey>()
  let active: SessionKey | null = null
  let loadedAt = Number.NEGATIVE_INFINITY

  async function load(): Promise<void> {
    const rows = await listKeys(storage.db, 'session')
    const opened = new Map<number, SessionKey>()
    let newest: SessionKey | null = null
    for (const row of rows) {
      const key = { id: row.id, secret: open(masterKey, row) }
      opened.set(row.id, key)
      if (row.status === 'active') newest = key
    }
    keys = opened
    active = newest
    loadedAt = clock.now()
  }

  await load()
  for (let attempt = 0; active === null && attempt < 3; attempt++) {
    await storage.transaction(async (tx) =>
      insertKeyIfAbsent(tx, newSessionKey(masterKey, await nextKeyId(tx), clock.now())),
    )
    await load()
  }

  return {
    activeSessionKey() {
      if (active === null) throw new Error('the keyring has no active session key')
      return active
    },
    async sessionKey(id) {
      const known = keys.get(id)
      if (known !== undefined) return known
      if (Math.abs(clock.now() - loadedAt) < RELOAD_PAUSE) return null
      await load()
      return keys.get(id) ?? null
    },
    async check() {
      await load()
      if (active === null) throw new Error('there is no active session key')
    },
  }
}

function newSessionKey(masterKey: MasterKey, id: number, now: number): KeysTable {
  return {
    id,
    purpose: 'session',
    algorithm: 'HMAC-SHA256',
    status: 'active',
    sealed: masterKey.seal(sealPurpose('session', id), randomBytes(32)),
    created_at: now,
    activated_at: now,
    retired_at: null,
  }
}

function open(masterKey: MasterKey, row: KeysTable): Buffer {
  try {
    return masterKey.open(sealPurpose(row.purpose, row.id), row.sealed)
  } catch (error) {
    if (error instanceof SealError)
      throw new Error(
        `key ${row.id} of the database cannot be opened: it was altered, or restored from another deployment`,
        { cause: error },
      )
    throw error
  }
}

function sealPurpose(purpose: KeysTable['purpose'], id: number): string {
  return `keys/${purpose}/${id}`
}
