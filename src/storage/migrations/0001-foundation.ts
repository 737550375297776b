import { sql } from 'kysely'
import { DEFAULT_TENANT_ID, DEFAULT_TENANT_SLUG } from '../default-tenant.js'
import type { Storage } from '../storage.js'
import { columnTypes, tableOptions } from './column-types.js'
import type { Migration, MigrationTransaction } from './migration.js'

/** Settings, leases, tenants, users, roles, keys, sessions and the audit log, with the default tenant. */
export const foundation: Migration = {
  name: '0001-foundation',
  breaking: false,
  async up(tx, dialect) {
    await createSettings(tx, dialect)
    await createUsers(tx, dialect)
    await createKeys(tx, dialect)
    await createSessions(tx, dialect)
    await createAuditEvents(tx, dialect)
    await tx
      .insertInto('tenants')
      .values({
        id: DEFAULT_TENANT_ID,
        slug: DEFAULT_TENANT_SLUG,
        name: 'Default',
        default_role: 'viewer',
        created_at: Date.now(),
      })
      .execute()
  },
}

async function createSettings(tx: MigrationTransaction, dialect: Storage['dialect']): Promise<void> {
  const { text, integer } = columnTypes(dialect)
  await tx.schema
    .createTable('settings')
    .addColumn('name', text, (c) => c.notNull().primaryKey())
    .addColumn('value', text, (c) => c.notNull())
    .modifyEnd(tableOptions(dialect, false))
    .execute()
  await tx.schema
    .createTable('leases')
    .addColumn('name', text, (c) => c.notNull().primaryKey())
    .addColumn('holder', text, (c) => c.notNull())
    .addColumn('expires_at', integer, (c) => c.notNull())
    .addColumn('last_success_at', integer)
    .modifyEnd(tableOptions(dialect, true))
    .execute()
}

async function createUsers(tx: MigrationTransaction, dialect: Storage['dialect']): Promise<void> {
  const { text, integer } = columnTypes(dialect)
  await tx.schema
    .createTable('tenants')
    .addColumn('id', text, (c) => c.notNull().primaryKey())
    .addColumn('slug', text, (c) => c.notNull().unique())
    .addColumn('name', text, (c) => c.notNull())
    .addColumn('default_role', text, (c) => c.notNull())
    .addColumn('created_at', integer, (c) => c.notNull())
    .modifyEnd(tableOptions(dialect, false))
    .execute()
  await tx.schema
    .createTable('users')
    .addColumn('id', text, (c) => c.notNull().primaryKey())
    .addColumn('tenant_id', text, (c) => c.notNull().references('tenants.id').onDelete('restrict'))
    .addColumn('email', text)
    .addColumn('email_verified', integer, (c) => c.notNull().check(sql`email_verified in (0, 1)`))
    .addColumn('username', text, (c) => c.notNull())
    .addColumn('password_hash', text)
    .addColumn('credential_version', integer, (c) => c.notNull().check(sql`credential_version >= 0`))
    .addColumn('is_guest', integer, (c) => c.notNull().check(sql`is_guest in (0, 1)`))
    .addColumn('disabled_at', integer)
    .addColumn('created_at', integer, (c) => c.notNull())
    .addColumn('updated_at', integer, (c) => c.notNull())
    .addUniqueConstraint('users_tenant_id_email', ['tenant_id', 'email'])
    .addUniqueConstraint('users_tenant_id_id', ['tenant_id', 'id'])
    .modifyEnd(tableOptions(dialect, true))
    .execute()
  await tx.schema
    .createTable('user_roles')
    .addColumn('tenant_id', text, (c) => c.notNull())
    .addColumn('user_id', text, (c) => c.notNull())
    .addColumn('role', text, (c) => c.notNull())
    .addColumn('granted_at', integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('user_roles_primary', ['tenant_id', 'user_id', 'role'])
    .addForeignKeyConstraint('user_roles_user', ['tenant_id', 'user_id'], 'users', ['tenant_id', 'id'], (c) =>
      c.onDelete('cascade'),
    )
    .modifyEnd(tableOptions(dialect, false))
    .execute()
}

async function createKeys(tx: MigrationTransaction, dialect: Storage['dialect']): Promise<void> {
  const { text, integer, bytes } = columnTypes(dialect)
  await tx.schema
    .createTable('keys')
    .addColumn('id', integer, (c) => c.notNull().primaryKey())
    .addColumn('purpose', text, (c) => c.notNull().check(sql`purpose in ('session', 'signing')`))
    .addColumn('algorithm', text, (c) => c.notNull())
    .addColumn('status', text, (c) => c.notNull().check(sql`status in ('next', 'active', 'retired')`))
    .addColumn('sealed', bytes, (c) => c.notNull())
    .addColumn('created_at', integer, (c) => c.notNull())
    .addColumn('activated_at', integer)
    .addColumn('retired_at', integer)
    .modifyEnd(tableOptions(dialect, false))
    .execute()
}

async function createSessions(tx: MigrationTransaction, dialect: Storage['dialect']): Promise<void> {
  const { text, integer, bytes } = columnTypes(dialect)
  await tx.schema
    .createTable('sessions')
    .addColumn('id', text, (c) => c.notNull().primaryKey())
    .addColumn('tenant_id', text, (c) => c.notNull())
    .addColumn('user_id', text, (c) => c.notNull())
    .addColumn('salt', bytes, (c) => c.notNull().check(sql`length(salt) = 32`))
    // No foreign key: each sign-in would lock the one row of the active key.
    .addColumn('key_id', integer, (c) => c.notNull())
    .addColumn('counter', integer, (c) => c.notNull().check(sql`counter >= 0`))
    .addColumn('spends', text, (c) => c.notNull())
    .addColumn('credential_version', integer, (c) => c.notNull())
    .addColumn('remember', integer, (c) => c.notNull().check(sql`remember in (0, 1)`))
    .addColumn('auth_methods', text, (c) => c.notNull())
    .addColumn('auth_time', integer, (c) => c.notNull())
    .addColumn('ip_address', text)
    .addColumn('user_agent', text)
    .addColumn('created_at', integer, (c) => c.notNull())
    .addColumn('last_activity', integer, (c) => c.notNull())
    .addColumn('refreshed_at', integer, (c) => c.notNull())
    .addColumn('refresh_expires_at', integer, (c) => c.notNull())
    .addColumn('absolute_expires_at', integer, (c) => c.notNull())
    .addColumn('revoked_at', integer)
    .addColumn('revoked_reason', text)
    .addForeignKeyConstraint('sessions_user', ['tenant_id', 'user_id'], 'users', ['tenant_id', 'id'], (c) =>
      c.onDelete('cascade'),
    )
    .addCheckConstraint('sessions_revocation', sql`(revoked_at is null) = (revoked_reason is null)`)
    .modifyEnd(tableOptions(dialect, true))
    .execute()
  // A refresh changes counter, spends, last_activity, refreshed_at and refresh_expires_at: none of them is indexed.
  // Clean-up finds a session by its absolute end or its revocation, which are written once.
  await tx.schema
    .createIndex('sessions_of_user')
    .on('sessions')
    .columns(['tenant_id', 'user_id', 'created_at'])
    .execute()
  await tx.schema.createIndex('sessions_absolute_end').on('sessions').column('absolute_expires_at').execute()
  await tx.schema
    .createIndex('sessions_revoked')
    .on('sessions')
    .column('revoked_at')
    .where(sql<boolean>`revoked_at is not null`)
    .execute()
}

async function createAuditEvents(tx: MigrationTransaction, dialect: Storage['dialect']): Promise<void> {
  const { text, integer } = columnTypes(dialect)
  await tx.schema
    .createTable('audit_events')
    .addColumn('id', text, (c) => c.notNull().primaryKey())
    .addColumn('tenant_id', text, (c) => c.notNull())
    .addColumn('type', text, (c) => c.notNull())
    .addColumn('actor_id', text)
    .addColumn('user_id', text)
    .addColumn('session_id', text)
    .addColumn('ip_address', text)
    .addColumn('user_agent', text)
    .addColumn('request_id', text)
    .addColumn('data', text, (c) => c.notNull())
    .addColumn('created_at', integer, (c) => c.notNull())
    .modifyEnd(tableOptions(dialect, false))
    .execute()
  await tx.schema
    .createIndex('audit_events_of_tenant')
    .on('audit_events')
    .columns(['tenant_id', 'created_at'])
    .execute()
  await tx.schema
    .createIndex('audit_events_of_user')
    .on('audit_events')
    .columns(['tenant_id', 'user_id', 'created_at'])
    .execute()
}
