import type { Selectable } from 'kysely'
import { LOCALES } from '../../contract/locale.js'
import type { Queryable } from '../../storage/storage.js'
import type { UsersTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant, TenantScope } from '../../storage/tenant-scope.js'
import type { NewGuest, NewUser, ProfileChange, UserWithPassword } from './user-types.js'

/** Adds a user. Returns false where the tenant has one of that address. */
export async function insertUser(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  user: NewUser | NewGuest,
): Promise<boolean> {
  const isGuest = !('email' in user)
  const row = await db
    .insertInto('users')
    .values({
      id,
      tenant_id: scope.tenantId,
      email: isGuest ? null : user.email,
      email_verified: !isGuest && user.emailVerified === true ? 1 : 0,
      username: user.username,
      password_hash: isGuest ? null : user.passwordHash,
      credential_version: 1,
      is_guest: isGuest ? 1 : 0,
      disabled_at: null,
      created_at: now,
      updated_at: now,
      locale: isGuest ? null : (user.locale ?? null),
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'email']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function findUser(scope: TenantScope, db: Queryable, id: string): Promise<UserWithPassword | null> {
  const row = await db.selectFrom('users').selectAll().where(inTenant(scope)).where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : toUser(row)
}

/** One page in order of creation (ids are time-ordered), after the id `after`. */
export async function listUsers(
  scope: TenantScope,
  db: Queryable,
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly UserWithPassword[]> {
  let query = db.selectFrom('users').selectAll().where(inTenant(scope))
  if (page.after !== null) query = query.where('id', '>', page.after)
  const rows = await query.orderBy('id').limit(page.limit).execute()
  return rows.map(toUser)
}

export async function updateProfile(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  { username, locale }: ProfileChange,
): Promise<boolean> {
  const result = await db
    .updateTable('users')
    .set({ ...(username !== undefined && { username }), ...(locale !== undefined && { locale }), updated_at: now })
    .where(inTenant(scope))
    .where('id', '=', id)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/**
 * Gives a guest an account, and raises the credential version, which ends what the guest held. Returns the new version,
 * or null where there is no such guest any more, or an account already.
 * @throws a unique violation where the tenant has an account of that address
 */
export async function giveAccount(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  account: { readonly email: string; readonly passwordHash: string },
): Promise<number | null> {
  const row = await db
    .updateTable('users')
    .set((eb) => ({
      email: account.email,
      password_hash: account.passwordHash,
      is_guest: 0,
      credential_version: eb('credential_version', '+', 1),
      updated_at: now,
    }))
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('is_guest', '=', 1)
    .where('disabled_at', 'is', null)
    .returning('credential_version')
    .executeTakeFirst()
  return row?.credential_version ?? null
}

/**
 * Notes that the owner of an account's address has proved it and starts afresh: the password is replaced (null: there is
 * none), and the credential version raised. Returns the new version, or null where the account has moved on since
 * `credentialVersion`, is disabled or is none.
 */
export async function claimAccount(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  claim: { readonly credentialVersion: number; readonly passwordHash: string | null },
): Promise<number | null> {
  const row = await db
    .updateTable('users')
    .set((eb) => ({
      email_verified: 1,
      password_hash: claim.passwordHash,
      credential_version: eb('credential_version', '+', 1),
      updated_at: now,
    }))
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('credential_version', '=', claim.credentialVersion)
    .where('is_guest', '=', 0)
    .where('disabled_at', 'is', null)
    .returning('credential_version')
    .executeTakeFirst()
  return row?.credential_version ?? null
}

/** Notes that an account's address has proved itself. False where it has another address by now, or had proved it. */
export async function setEmailVerified(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  email: string,
): Promise<boolean> {
  const row = await db
    .updateTable('users')
    .set({ email_verified: 1, updated_at: now })
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('email', '=', email)
    .where('email_verified', '=', 0)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Gives an account another address, which has proved itself. Null where the account has another one than `from` by now,
 * or is disabled.
 * @throws a unique violation where the tenant has an account of that address
 */
export async function replaceEmail(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  emails: { readonly from: string; readonly to: string },
): Promise<UserWithPassword | null> {
  const row = await db
    .updateTable('users')
    .set({ email: emails.to, email_verified: 1, updated_at: now })
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('email', '=', emails.from)
    .where('disabled_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : toUser(row)
}

/**
 * Gives an account an address back that was its own; there is no password then, and the credential version is raised.
 * False where the account is gone.
 * @throws a unique violation where somebody else has that address
 */
export async function restoreEmail(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  email: string,
): Promise<boolean> {
  const row = await db
    .updateTable('users')
    .set((eb) => ({
      email,
      email_verified: 1,
      password_hash: null,
      credential_version: eb('credential_version', '+', 1),
      updated_at: now,
    }))
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('is_guest', '=', 0)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Takes an address from an account that has not proved it, and disables that account. Returns its id, or null where there is none. */
export async function releaseEmail(
  scope: OneTenant,
  db: Queryable,
  email: string,
  now: number,
  except: string,
): Promise<string | null> {
  const row = await db
    .updateTable('users')
    .set((eb) => ({
      email: null,
      disabled_at: now,
      credential_version: eb('credential_version', '+', 1),
      updated_at: now,
    }))
    .where(inTenant(scope))
    .where('email', '=', email)
    .where('email_verified', '=', 0)
    .where('id', '!=', except)
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/**
 * Replaces the password, and raises the credential version, which ends what was signed in. Returns the new version, or
 * null where the account has moved on since `credentialVersion`, is disabled or is none.
 */
export async function setPassword(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  change: { readonly credentialVersion: number; readonly passwordHash: string },
): Promise<number | null> {
  const row = await db
    .updateTable('users')
    .set((eb) => ({
      password_hash: change.passwordHash,
      credential_version: eb('credential_version', '+', 1),
      updated_at: now,
    }))
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('credential_version', '=', change.credentialVersion)
    .where('is_guest', '=', 0)
    .where('disabled_at', 'is', null)
    .returning('credential_version')
    .executeTakeFirst()
  return row?.credential_version ?? null
}

/** Renews the stored form of a password that stays the same, unless it was changed meanwhile. */
export async function replacePasswordHash(
  scope: OneTenant,
  db: Queryable,
  id: string,
  hashes: { readonly from: string; readonly to: string },
): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: hashes.to })
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('password_hash', '=', hashes.from)
    .execute()
}

/** Disables or enables, and raises the credential version, which ends what was signed in. False where nothing changed. */
export async function setDisabled(
  scope: OneTenant,
  db: Queryable,
  id: string,
  now: number,
  disabled: boolean,
): Promise<boolean> {
  const row = await db
    .updateTable('users')
    .set((eb) => ({
      disabled_at: disabled ? now : null,
      credential_version: eb('credential_version', '+', 1),
      updated_at: now,
    }))
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('disabled_at', disabled ? 'is' : 'is not', null)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export function toUser(row: Selectable<UsersTable>): UserWithPassword {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    email: row.email,
    emailVerified: row.email_verified === 1,
    username: row.username,
    isGuest: row.is_guest === 1,
    credentialVersion: row.credential_version,
    disabledAt: row.disabled_at,
    createdAt: row.created_at,
    locale: LOCALES.find((locale) => locale === row.locale) ?? null,
    passwordHash: row.password_hash,
  }
}
