import { parseConfig } from '../../src/config/config.js'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { MasterKey } from '../../src/crypto/master-key.js'
import { createAuditService } from '../../src/features/audit/audit-service.js'
import { type Keyring, openKeyring } from '../../src/features/keys/key-service.js'
import { sessionLifetimes } from '../../src/features/sessions/session-service.js'
import { createUserService } from '../../src/features/users/user-service.js'
import { type Clock, ManualClock } from '../../src/runtime/clock.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { openStorage } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import type { History } from './history.js'
import type { Plan } from './plan.js'
import { Run } from './run.js'

export const TENANT = oneTenant(DEFAULT_TENANT_ID)
/** What is in the audit log where an act had an effect. */
const EFFECTS = ['session.revoked', 'account.disabled', 'role.granted', 'user.updated'] as const
const SECRET = 'a secret of the interleavings, which is long enough to be one'

/** One real database, emptied for each schedule, and the keys that all nodes share. */
export class Laboratory {
  readonly clock = new ManualClock()
  readonly #storage: Storage
  readonly #keyring: Keyring

  private constructor(storage: Storage, keyring: Keyring, clock: ManualClock) {
    this.#storage = storage
    this.#keyring = keyring
    this.clock = clock
  }

  static async open(): Promise<Laboratory> {
    const clock = new ManualClock()
    const storage = await openStorage({
      url: 'sqlite::memory:',
      directUrl: null,
      pool: { max: 1 },
      statementTimeout: 10_000,
      allowUnsafeDurability: false,
      production: false,
      clock,
    })
    const lifetimes = sessionLifetimes(configOf('stateless'))
    const keyring = await openKeyring({
      storage,
      audit: createAuditService({ storage, clock, logger: silentLogger }),
      masterKey: new MasterKey(SECRET),
      clock,
      settings: {
        algorithm: 'HS256',
        secrets: [SECRET],
        rotation: 90 * 24 * 3_600_000,
        tokenLifetime: { session: lifetimes.absolute, signing: lifetimes.jwt },
      },
    })
    return new Laboratory(storage, keyring, clock)
  }

  async play(plan: Plan): Promise<History> {
    await this.#empty()
    const users = createUserService(this.#storage, this.clock)
    const people: string[] = []
    for (const name of ['ada', 'bob']) {
      const user = await users.create(TENANT, this.#storage.db, {
        email: `${name}@example.com`,
        username: name,
        passwordHash: '-',
      })
      if (user === null) throw new Error('the database was not emptied')
      people.push(user.id)
    }
    const run = new Run({
      plan,
      people,
      storage: this.#storage,
      keyring: this.#keyring,
      clock: this.clock,
      config: configOf(plan.mode),
    })
    await run.play()
    for (const { id, counter, revoked_at } of await this.#storage.db.selectFrom('sessions').selectAll().execute()) {
      run.history.rows.set(id, { counter, revokedAt: revoked_at })
    }
    const told = this.#storage.db.selectFrom('audit_events').select(['type', 'request_id'])
    for (const { request_id } of await told.where('type', 'in', EFFECTS).execute()) {
      if (request_id !== null) run.history.effective.add(request_id)
    }
    return run.history
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  async #empty(): Promise<void> {
    for (const table of ['changes', 'audit_events', 'sessions', 'user_roles', 'users'] as const) {
      await this.#storage.db.deleteFrom(table).execute()
    }
  }
}

function configOf(mode: Plan['mode']) {
  return parseConfig({
    storage: { url: 'sqlite::memory:' },
    auth: { mode, jwt: { algorithm: 'HS256', secret: [SECRET] } },
  })
}

/** A node's own clock, ahead of the database's or behind it. */
export function skewed(clock: Clock, milliseconds: number): Clock {
  return { controlled: true, now: () => clock.now() + milliseconds }
}

/** An answer that Sallyport may give, by its code; null for anything else. */
export function codeOf(error: unknown): string | null {
  return error instanceof SallyportError ? error.code : null
}
