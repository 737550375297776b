import type { JsonWebKey } from 'node:crypto'
import { SallyportError } from '../../contract/sallyport-error.js'
import { type MasterKey, SealError } from '../../crypto/master-key.js'
import type { Clock } from '../../runtime/clock.js'
import { oneAtATime } from '../../runtime/one-at-a-time.js'
import type { Storage } from '../../storage/storage.js'
import type { KeysTable } from '../../storage/tables.js'
import type { AuditService } from '../audit/audit-service.js'
import { createKeyRotation, HANDOVER, type RotationSettings, SESSION_ALGORITHM, sealPurpose } from './key-rotation.js'
import { openSigningKey, sharedSecretKey } from './key-signing.js'
import { findCheckValue, listKeys, settleCheckValue } from './key-store.js'
import {
  type KeySummary,
  type SessionKey,
  SIGNING_ALGORITHMS,
  type SigningKey,
  type VerificationKey,
} from './key-types.js'

/** How long what was read is believed before the database is asked again, in milliseconds. */
const FRESH = 1_000

/** The master key does not fit the database: the start ends here, before a session can be broken. */
export class MasterKeyMismatch extends Error {
  constructor() {
    super(
      'The master key is not the one that this database was made with. Start with the right one, in SALLYPORT_SECRET ' +
        'or as master.key in the data folder: without it no key in the database can be opened, and every session would end.',
    )
    this.name = 'MasterKeyMismatch'
  }
}

export interface KeyringSettings extends Omit<RotationSettings, 'ownsSigningKeys'> {
  /** Configured HS256 secrets: the first signs, all verify. */
  readonly secrets: readonly string[]
}

export interface Keyring {
  /** The key that new session tokens are derived with. */
  activeSessionKey(): SessionKey
  /** The key of that id, or null where there is none. Asks the database when another node may have made it. */
  sessionKey(id: number): Promise<SessionKey | null>
  /** The key that signs now; a rotation by another process is seen within a second. */
  signingKey(): Promise<SigningKey>
  /** The key of that `kid`, ended or not: for what ends a session, and grants nothing. */
  anyKey(kid: string): Promise<VerificationKey | null>
  /** The key of that `kid` while its tokens are honoured, or null. */
  verificationKey(kid: string): Promise<VerificationKey | null>
  /** Changes whenever a key comes or goes: what was verified under another generation is verified again. */
  generation(): number
  /** The public keys (RFC 7517 §5): active, announced, and retired ones until their last token has expired. */
  jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }>
  list(): Promise<readonly KeySummary[]>
  /** @throws SallyportError `conflict` for signing keys that the configuration gives; `unavailable` */
  rotate(purpose: KeysTable['purpose'], actorId: string | null): Promise<void>
  rotateIfDue(): Promise<void>
  /** @throws Error when no key can derive tokens, or the stored keys cannot be opened; for readiness */
  check(): Promise<void>
}

interface Opened {
  /** Tells whether anything has changed since. */
  readonly digest: string
  readonly sessionKeys: ReadonlyMap<number, SessionKey>
  readonly activeSession: SessionKey | null
  readonly signingKeys: ReadonlyMap<string, VerificationKey & { readonly expiresAt: number | null }>
  readonly signing: SigningKey | null
  readonly rows: readonly (KeysTable & { readonly kid: string | null })[]
}

/**
 * Opens the keyring: proves the master key against the database's check value, and makes the keys that are missing.
 * Nodes that start together agree on them.
 * @throws MasterKeyMismatch
 */
export async function openKeyring(parts: {
  readonly storage: Storage
  readonly audit: AuditService
  readonly masterKey: MasterKey
  readonly clock: Clock
  readonly settings: KeyringSettings
}): Promise<Keyring> {
  const { storage, audit, masterKey, clock, settings } = parts
  await proveMasterKey(storage, masterKey)

  // A secret that signs no more still verifies what it signed, until it is taken out of the configuration.
  const secrets = settings.secrets.map(sharedSecretKey)
  const configured = settings.algorithm === 'HS256' ? secrets : []
  const rotation = createKeyRotation({
    audit,
    masterKey,
    clock,
    settings: { ...settings, ownsSigningKeys: configured.length === 0 },
    db: storage.db,
  })
  await rotation.ensure()

  let generation = 0
  let loadedAt = clock.now()
  let opened = openAll(await listKeys(storage.db))
  let searchedAt = Number.NEGATIVE_INFINITY
  let searching: Promise<Opened> | null = null
  /** Reads the keys anew. Their opening is repeated only when one of them has changed. */
  const load = oneAtATime(read)

  async function read(): Promise<Opened> {
    const started = clock.now()
    const rows = await listKeys(storage.db)
    if (digestOf(rows) !== opened.digest) {
      opened = openAll(rows)
      generation++
    }
    // Only now: who asks while they are opened waits for them.
    loadedAt = started
    return opened
  }

  /**
   * What is known, asked anew when it is older than a second. Without an answer what is known counts: keys that cannot
   * be read cannot have been changed either, and readiness tells.
   */
  async function fresh(): Promise<Opened> {
    if (Math.abs(clock.now() - loadedAt) < FRESH) return opened
    try {
      return await load()
    } catch {
      loadedAt = clock.now()
      return opened
    }
  }

  /**
   * Looks for a key that this node has not met: another one may have made it and signed with it since. Once a second at
   * most, whatever names strangers send, and apart from `fresh`, which a busy node has always just called.
   */
  async function search(): Promise<Opened> {
    if (searching !== null) return searching
    if (Math.abs(clock.now() - searchedAt) < FRESH) return opened
    searchedAt = clock.now()
    searching = load()
      .catch(() => opened)
      .finally(() => {
        searching = null
      })
    return searching
  }

  function openAll(rows: readonly KeysTable[]): Opened {
    const sessionKeys = new Map<number, SessionKey>()
    const signingKeys = new Map<string, VerificationKey & { readonly expiresAt: number | null }>()
    let activeSession: SessionKey | null = null
    let signing: SigningKey | null = configured[0] ?? null
    for (const key of secrets) signingKeys.set(key.kid, { ...key, signsUntil: null, expiresAt: null })
    const shown: (KeysTable & { readonly kid: string | null })[] = []
    for (const row of rows) {
      const bytes = open(masterKey, row)
      if (row.purpose === 'session') {
        const key = { id: row.id, secret: bytes }
        sessionKeys.set(row.id, key)
        if (row.status === 'active' && row.algorithm === SESSION_ALGORITHM) activeSession = key
        shown.push({ ...row, kid: null })
        continue
      }
      const algorithm = SIGNING_ALGORITHMS.find((name) => name === row.algorithm)
      // A key of an algorithm that a newer version knows.
      if (algorithm === undefined) continue
      const key = openSigningKey(algorithm, bytes)
      const signsUntil = row.retired_at === null ? null : row.retired_at + HANDOVER
      signingKeys.set(key.kid, { ...key, signsUntil, expiresAt: row.expires_at })
      if (configured.length === 0 && row.status === 'active' && algorithm === settings.algorithm) signing = key
      shown.push({ ...row, kid: key.kid })
    }
    return { digest: digestOf(rows), sessionKeys, activeSession, signingKeys, signing, rows: shown }
  }

  const isHonoured = (key: { readonly expiresAt: number | null }) =>
    key.expiresAt === null || clock.now() < key.expiresAt

  return {
    activeSessionKey() {
      if (opened.activeSession === null) throw new Error('the keyring has no active session key')
      return opened.activeSession
    },
    async sessionKey(id) {
      return opened.sessionKeys.get(id) ?? (await load()).sessionKeys.get(id) ?? null
    },
    async signingKey() {
      const { signing } = await fresh()
      if (signing !== null) return signing
      // Retired by a node of another algorithm, which took this one for abandoned.
      await rotation.ensure()
      const made = (await load()).signing
      if (made === null) throw new Error('the keyring has no active signing key')
      return made
    },
    async anyKey(kid) {
      return opened.signingKeys.get(kid) ?? (await search()).signingKeys.get(kid) ?? null
    },
    async verificationKey(kid) {
      const key = opened.signingKeys.get(kid) ?? (await search()).signingKeys.get(kid)
      return key !== undefined && isHonoured(key) ? key : null
    },
    generation: () => generation,
    async jwks() {
      const { signingKeys } = await fresh()
      const honoured = [...signingKeys.values()].filter(isHonoured)
      return { keys: honoured.flatMap(shown) }
    },
    async list() {
      const { rows, activeSession, signing } = await load()
      const stored = rows.map((row) =>
        summaryOf(row, row.purpose === 'session' ? row.id === activeSession?.id : row.kid === signing?.kid),
      )
      return [...stored, ...configured.map(configuredSummary)]
    },
    async rotate(purpose, actorId) {
      if (purpose === 'signing' && configured.length > 0) {
        throw new SallyportError('conflict', {
          detail:
            'Tokens are signed with auth.jwt.secret. Append a new secret to the list at every node and restart them, so ' +
            'that all of them know it; then move it to the front, and take the old one away when its tokens have expired.',
        })
      }
      await rotation.rotate(purpose, { actorId })
      await load()
    },
    async rotateIfDue() {
      await rotation.rotateIfDue()
      // Also where another node has rotated: one that only checks tokens would not notice that a key has ended.
      await load()
    },
    async check() {
      const { activeSession, signing } = await load()
      if (activeSession === null || signing === null) throw new Error('there is no active key')
    },
  }
}

/** A public key as others see it; of a retired one also until when it signed, so that they refuse what says it is newer. */
function shown({ publicJwk, signsUntil }: VerificationKey): readonly JsonWebKey[] {
  if (publicJwk === null) return []
  return [signsUntil === null ? publicJwk : { ...publicJwk, signs_until: Math.floor(signsUntil / 1000) }]
}

/** Nothing is written under a master key that cannot open what is there, even where the check value is gone. */
async function proveMasterKey(storage: Storage, masterKey: MasterKey): Promise<void> {
  const known = await findCheckValue(storage.db)
  if (known === null) for (const row of await listKeys(storage.db)) open(masterKey, row)
  const settled = known ?? (await settleCheckValue(storage.db, masterKey.checkValue))
  if (!masterKey.matches(settled)) throw new MasterKeyMismatch()
}

function digestOf(rows: readonly KeysTable[]): string {
  return rows
    .map((row) => `${row.id} ${row.status} ${row.expires_at} ${Buffer.from(row.sealed).toString('base64')}`)
    .join()
}

/** A configured secret: the first signs, the others verify what they signed. */
function configuredSummary({ kid, algorithm }: SigningKey, index: number): KeySummary {
  const none = { id: null, createdAt: null, activatedAt: null, retiredAt: null, expiresAt: null }
  const inUse = index === 0
  return { ...none, kid, purpose: 'signing', algorithm, status: inUse ? 'active' : 'retired', inUse }
}

function summaryOf(row: KeysTable & { readonly kid: string | null }, inUse: boolean): KeySummary {
  return {
    id: row.id,
    kid: row.kid,
    purpose: row.purpose,
    algorithm: row.algorithm,
    status: row.status,
    inUse,
    createdAt: row.created_at,
    activatedAt: row.activated_at,
    retiredAt: row.retired_at,
    expiresAt: row.expires_at,
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
