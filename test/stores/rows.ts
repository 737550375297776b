import type { Insertable } from 'kysely'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import type { KeysTable, UsersTable } from '../../src/storage/tables.js'

/** A user row to insert; only what a test is about has to be given. */
export function userRow(fields: Partial<Insertable<UsersTable>> & { id: string }): Insertable<UsersTable> {
  return {
    tenant_id: DEFAULT_TENANT_ID,
    email: `${fields.id}@example.com`,
    email_verified: 0,
    username: fields.id,
    password_hash: null,
    credential_version: 0,
    is_guest: 0,
    disabled_at: null,
    created_at: 1,
    updated_at: 1,
    ...fields,
  }
}

export function keyRow(id: number, sealed: Uint8Array): Insertable<KeysTable> {
  return {
    id,
    purpose: 'session',
    algorithm: 'test',
    status: 'retired',
    sealed,
    created_at: 1,
    activated_at: null,
    retired_at: null,
  }
}
