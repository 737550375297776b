import { type RawBuilder, sql, type Transaction } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

export interface NewSession {
  readonly id: string
  readonly userId: string
  readonly credentialVersion: number
  readonly salt: Buffer
  readonly keyId: number
  readonly remember: boolean
  readonly authMethods: readonly string[]
  readonly ipAddress: string | null
  readonly userAgent: string | null
  /** Milliseconds. */
  readonly refreshLifetime: number
  readonly absoluteLifetime: number
}

/**
 * Adds a session of a user who still has that credential version and is not disabled: a sign-in that checked the old
 * password cannot finish after a reset. Returns false where the account moved on.
 */
export type InsertSession = (scope: OneTenant, tx: Transaction<Tables>, session: NewSession) => Promise<boolean>

/** What each column of a new session takes its value from; the places are filled in the order of this list. */
function sourcesOf(storage: Storage) {
  const now = sql<number>`cast(${storage.now()} as bigint)`
  const after = sql<number>`${now} + ${whole()}`
  return {
    id: text(),
    tenant_id: sql.ref('users.tenant_id'),
    user_id: sql.ref('users.id'),
    salt: parameter<Uint8Array>(),
    key_id: whole(),
    counter: sql.lit(1),
    spends: sql.lit(''),
    credential_version: sql.ref('users.credential_version'),
    remember: whole(),
    auth_methods: text(),
    auth_time: now,
    ip_address: text(),
    user_agent: text(),
    created_at: now,
    last_activity: now,
    refreshed_at: now,
    refresh_expires_at: after,
    absolute_expires_at: after,
  }
}

export function prepareInsertSession(storage: Storage): InsertSession {
  const sources = sourcesOf(storage)
  const query = sql`
    insert into sessions (${sql.join(Object.keys(sources).map((column) => sql.ref(column)))})
    select ${sql.join(Object.values(sources))} from users
    where users.tenant_id = ${parameter()} and users.id = ${parameter()}
      and users.credential_version = ${parameter()} and users.disabled_at is null
    ${
      // Waits for a change of the account that is under way, and then looks again; SQLite has one writer anyway.
      storage.dialect === 'postgres' ? sql`for share of users` : sql``
    }
    returning id`
  const insert = storage.prepare('insert_session', query.compile(storage.db))
  return async (scope, tx, session) => {
    const { refreshLifetime, absoluteLifetime } = session
    const rows = await insert(
      [
        session.id,
        session.salt,
        session.keyId,
        session.remember ? 1 : 0,
        JSON.stringify(session.authMethods),
        session.ipAddress,
        session.userAgent,
        Math.min(refreshLifetime, absoluteLifetime),
        absoluteLifetime,
        scope.tenantId,
        session.userId,
        session.credentialVersion,
      ],
      tx,
    )
    return rows.length > 0
  }
}

function text(): RawBuilder<string> {
  return sql<string>`cast(${parameter()} as text)`
}

function whole(): RawBuilder<number> {
  return sql<number>`cast(${parameter()} as bigint)`
}
