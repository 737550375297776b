import { type RawBuilder, type Selectable, sql } from 'kysely'
import { z } from 'zod'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { OneTimeTokensTable } from '../../storage/tables.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant, TenantScope } from '../../storage/tenant-scope.js'
import { type KeptToken, OUTLIVING, type Purpose, ruleOf, type TokenRequest } from './one-time-token-types.js'

const KEPT = ['id', 'tenant_id', 'user_id', 'email', 'data', 'created_at', 'expires_at'] as const
const storedData = z.record(z.string(), z.string())

/** Whose tokens are meant: those of an account, or those that an address has without one. */
type Holder = { readonly userId: string } | { readonly email: string }

/** @returns its times by the database's clock */
export async function insertToken(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  token: TokenRequest & { readonly id: string; readonly digest: string },
): Promise<{ readonly createdAt: number; readonly expiresAt: number }> {
  const row = await db
    .insertInto('one_time_tokens')
    .values({
      id: token.id,
      digest: token.digest,
      tenant_id: scope.tenantId,
      purpose: token.purpose,
      user_id: token.userId,
      email: token.email,
      credential_version: token.credentialVersion ?? null,
      data: JSON.stringify(token.data ?? {}),
      created_at: storage.now(),
      expires_at: sql<number>`${storage.now()} + ${sql.lit(token.lifetime)}`,
    })
    .returning(['created_at', 'expires_at'])
    .executeTakeFirstOrThrow()
  return { createdAt: row.created_at, expiresAt: row.expires_at }
}

/**
 * Lets one token of an account be spent at a time, until the caller's transaction ends: who comes second finds what the
 * first has changed. SQLite has one writer anyway.
 */
export async function lockOwner(scope: TenantScope, db: Queryable, storage: Storage, digest: string): Promise<void> {
  if (storage.dialect === 'sqlite') return
  await db
    .selectFrom('one_time_tokens as t')
    .innerJoin('users as u', (join) => join.onRef('u.tenant_id', '=', 't.tenant_id').onRef('u.id', '=', 't.user_id'))
    .select('u.id')
    .where(inTenant(scope, 't.tenant_id'))
    .where('t.digest', '=', digest)
    .forNoKeyUpdate('u')
    .execute()
}

/** Of the row `t`: good for this purpose now, and its account has not moved on. */
function isGood(scope: TenantScope, storage: Storage, purpose: Purpose): RawBuilder<boolean> {
  const { ofOwnAddress, withoutUser } = ruleOf(purpose)
  const owned = sql<boolean>`exists (select 1 from users u where u.tenant_id = t.tenant_id and u.id = t.user_id
    and (t.credential_version is null or t.credential_version = u.credential_version)
    ${ofOwnAddress ? sql`and u.email = t.email` : sql``})`
  const isAnybodys = withoutUser ? sql<boolean>`(t.user_id is null or ${owned})` : owned
  return sql<boolean>`(${inTenant(scope, 't.tenant_id')} and t.purpose = ${purpose} and t.expires_at > ${storage.now()} and ${isAnybodys})`
}

/** Deletes a token that is good for this purpose now, and returns it. One statement: of any number at once one has it. */
export async function takeToken(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  purpose: Purpose,
  digest: string,
): Promise<KeptToken | null> {
  const row = await db
    .deleteFrom('one_time_tokens as t')
    .where('t.digest', '=', digest)
    .where(isGood(scope, storage, purpose))
    .returning(KEPT)
    .executeTakeFirst()
  return row === undefined ? null : toKept(row)
}

/** The token that `takeToken` would take. */
export async function findToken(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  purpose: Purpose,
  digest: string,
): Promise<KeptToken | null> {
  const row = await db
    .selectFrom('one_time_tokens as t')
    .select(KEPT)
    .where('t.digest', '=', digest)
    .where(isGood(scope, storage, purpose))
    .executeTakeFirst()
  return row === undefined ? null : toKept(row)
}

/** Deletes what is left of some purposes, or of all but those that outlive the credentials. */
export async function deleteTokensOf(
  scope: OneTenant,
  db: Queryable,
  holder: Holder,
  purposes: readonly Purpose[] | null,
): Promise<void> {
  let query = db.deleteFrom('one_time_tokens').where(inTenant(scope))
  query = purposes === null ? query.where('purpose', 'not in', OUTLIVING) : query.where('purpose', 'in', purposes)
  query =
    'userId' in holder
      ? query.where('user_id', '=', holder.userId)
      : query.where('user_id', 'is', null).where('email', '=', holder.email)
  await query.execute()
}

/** Deletes those of one purpose that were made after `since`. */
export async function deleteTokensSince(
  scope: OneTenant,
  db: Queryable,
  userId: string,
  purpose: Purpose,
  since: number,
): Promise<void> {
  await db
    .deleteFrom('one_time_tokens')
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .where('created_at', '>', since)
    .execute()
}

/** True where the token is still there and its time was over. */
export async function hasExpired(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  purpose: Purpose,
  digest: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('one_time_tokens')
    .select('id')
    .where(inTenant(scope))
    .where('digest', '=', digest)
    .where('purpose', '=', purpose)
    .where('expires_at', '<=', storage.now())
    .executeTakeFirst()
  return row !== undefined
}

/** One page of what can still be used, in order of creation, after the id `after`. */
export async function listTokens(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  purpose: Purpose,
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly KeptToken[]> {
  let query = db
    .selectFrom('one_time_tokens')
    .select(KEPT)
    .where(inTenant(scope))
    .where('purpose', '=', purpose)
    .where('expires_at', '>', storage.now())
  if (page.after !== null) query = query.where('id', '>', page.after)
  const rows = await query.orderBy('id').limit(page.limit).execute()
  return rows.map(toKept)
}

/** Deletes one by its id, used or not; null where there is none. */
export async function deleteToken(
  scope: TenantScope,
  db: Queryable,
  purpose: Purpose,
  id: string,
): Promise<KeptToken | null> {
  const row = await db
    .deleteFrom('one_time_tokens')
    .where(inTenant(scope))
    .where('id', '=', id)
    .where('purpose', '=', purpose)
    .returning(KEPT)
    .executeTakeFirst()
  return row === undefined ? null : toKept(row)
}

/** Deletes at most `limit` tokens that ended longer ago than `keep` milliseconds, and returns how many went. */
export async function deleteEndedTokens(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  options: { readonly keep: number; readonly limit: number },
): Promise<number> {
  const result = await db
    .deleteFrom('one_time_tokens')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('one_time_tokens')
        .select('id')
        .where(inTenant(scope))
        .where('expires_at', '<=', ago(storage, options.keep))
        .orderBy('expires_at')
        .limit(options.limit),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

function toKept(row: Pick<Selectable<OneTimeTokensTable>, (typeof KEPT)[number]>): KeptToken {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    email: row.email,
    data: storedData.parse(JSON.parse(row.data)),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
