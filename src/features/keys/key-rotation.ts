import { randomBytes } from 'node:crypto'
import type { MasterKey } from '../../crypto/master-key.js'
import type { Clock } from '../../runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Queryable } from '../../storage/storage.js'
import type { KeysTable } from '../../storage/tables.js'
import type { AuditService } from '../audit/audit-service.js'
import type { AuditEvent } from '../audit/audit-types.js'
import { generateSigningKey } from './key-signing.js'
import {
  activateKey,
  findKey,
  insertKey,
  lockKeys,
  nextKeyId,
  retireAbandonedKeys,
  retireActiveKeys,
} from './key-store.js'
import type { SigningAlgorithm } from './key-types.js'

/** How long a node may go on using a key that another one has retired, in milliseconds. */
export const HANDOVER = 5 * 60_000

/** How long after its rotation was due a key counts as one that no node uses, in milliseconds. */
const ABANDONED_AFTER = 2 * 24 * 3_600_000

export const SESSION_ALGORITHM = 'HMAC-SHA256'

export interface RotationSettings {
  readonly algorithm: SigningAlgorithm
  /** False where a configured secret signs: then the database holds no signing key. */
  readonly ownsSigningKeys: boolean
  /** The age at which an active key is replaced, milliseconds. */
  readonly rotation: number
  /** The longest life of what is made with a key, milliseconds. */
  readonly tokenLifetime: Readonly<Record<KeysTable['purpose'], number>>
}

export interface KeyRotation {
  /** Makes the keys that are missing: an active one of each kind, and the next one to sign. */
  ensure(): Promise<void>
  /**
   * Retires the active key and activates the next one, which has been announced already, and announces another.
   * @param ifActiveIs does nothing where another node has rotated since
   * @param actorId who asks; null for the schedule
   */
  rotate(
    purpose: KeysTable['purpose'],
    options?: { readonly ifActiveIs?: number; readonly actorId?: string | null },
  ): Promise<void>
  /** Rotates what is older than the settings allow. */
  rotateIfDue(): Promise<void>
}

export function createKeyRotation(parts: {
  readonly audit: AuditService
  readonly masterKey: MasterKey
  readonly clock: Clock
  readonly settings: RotationSettings
  readonly db: Queryable
}): KeyRotation {
  const { audit, masterKey, clock, settings, db } = parts

  function algorithmOf(purpose: KeysTable['purpose']): string {
    return purpose === 'session' ? SESSION_ALGORITHM : settings.algorithm
  }

  const purposes: readonly KeysTable['purpose'][] = settings.ownsSigningKeys ? ['session', 'signing'] : ['session']

  function freshBytes(purpose: KeysTable['purpose']): Promise<Buffer> | Buffer {
    return purpose === 'session' ? randomBytes(32) : generateSigningKey(settings.algorithm)
  }

  async function add(
    tx: Queryable,
    purpose: KeysTable['purpose'],
    status: 'next' | 'active',
    bytes: Buffer,
  ): Promise<number> {
    const now = clock.now()
    const id = await nextKeyId(tx)
    await insertKey(tx, {
      id,
      purpose,
      algorithm: algorithmOf(purpose),
      status,
      sealed: masterKey.seal(sealPurpose(purpose, id), bytes),
      created_at: now,
      activated_at: status === 'active' ? now : null,
      retired_at: null,
      expires_at: null,
    })
    return id
  }

  async function isMissing(
    purpose: KeysTable['purpose'],
    status: 'next' | 'active',
    queryable: Queryable,
  ): Promise<boolean> {
    return (await findKey(queryable, purpose, algorithmOf(purpose), status)) === null
  }

  async function rotate(
    purpose: KeysTable['purpose'],
    { ifActiveIs, actorId = null }: { readonly ifActiveIs?: number; readonly actorId?: string | null } = {},
  ): Promise<void> {
    // Made before the transaction: an RSA key takes its time, and a transaction touches the database alone.
    const [first, second] = [await freshBytes(purpose), await freshBytes(purpose)]
    await audit.transaction(async (tx, record) => {
      await lockKeys(tx)
      const algorithm = algorithmOf(purpose)
      const active = await findKey(tx, purpose, algorithm, 'active')
      if (ifActiveIs !== undefined && active?.id !== ifActiveIs) return
      const now = clock.now()
      await retireActiveKeys(tx, purpose, algorithm, now, now + settings.tokenLifetime[purpose] + HANDOVER)
      const next = await findKey(tx, purpose, algorithm, 'next')
      const activeId = next?.id ?? (await add(tx, purpose, 'active', first))
      if (next !== null) await activateKey(tx, next.id, now)
      if (purpose === 'signing') await add(tx, purpose, 'next', second)
      await record(rotationEvent(actorId, { purpose, algorithm, retired: active?.id ?? null, active: activeId }))
    })
  }

  /** A change of algorithm leaves keys behind. They stay while any node may still rotate, and so use, them. */
  async function retireAbandoned(): Promise<void> {
    const now = clock.now()
    const times = {
      before: now - settings.rotation - ABANDONED_AFTER,
      now,
      expiresAt: now + settings.tokenLifetime.signing + HANDOVER,
    }
    await audit.transaction(async (tx, record) => {
      const retired = await retireAbandonedKeys(tx, settings.algorithm, times)
      await record(
        ...retired.map(({ id, algorithm }) =>
          rotationEvent(null, { purpose: 'signing', algorithm, retired: id, active: null }),
        ),
      )
    })
  }

  return {
    rotate,

    async ensure() {
      for (const purpose of purposes) {
        const states = purpose === 'signing' ? (['active', 'next'] as const) : (['active'] as const)
        for (const status of states) {
          if (!(await isMissing(purpose, status, db))) continue
          const bytes = await freshBytes(purpose)
          await audit.transaction(async (tx) => {
            await lockKeys(tx)
            if (await isMissing(purpose, status, tx)) await add(tx, purpose, status, bytes)
          })
        }
      }
    },

    async rotateIfDue() {
      for (const purpose of purposes) {
        const active = await findKey(db, purpose, algorithmOf(purpose), 'active')
        if (active === null || clock.now() < (active.activated_at ?? active.created_at) + settings.rotation) continue
        await rotate(purpose, { ifActiveIs: active.id })
      }
      await retireAbandoned()
    },
  }
}

function rotationEvent(actorId: string | null, data: AuditEvent['data'] & object): AuditEvent {
  const nobody = { userId: null, sessionId: null, client: null }
  return { type: 'key.rotated', tenantId: DEFAULT_TENANT_ID, actorId, ...nobody, data }
}

/** What a key's bytes are sealed for: they open for nothing else. */
export function sealPurpose(purpose: KeysTable['purpose'], id: number): string {
  return `keys/${purpose}/${id}`
}
