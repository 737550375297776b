import { type RawBuilder, sql } from 'kysely'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

/** Returns false where the user has the role already. */
export async function insertUserRole(
  scope: OneTenant,
  db: Queryable,
  userId: string,
  role: string,
  now: number,
): Promise<boolean> {
  const row = await db
    .insertInto('user_roles')
    .values({ tenant_id: scope.tenantId, user_id: userId, role, granted_at: now })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'user_id', 'role']).doNothing())
    .returning('role')
    .executeTakeFirst()
  return row !== undefined
}

export async function listUserRoles(scope: OneTenant, db: Queryable, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('user_roles')
    .select('role')
    .where(inTenant(scope))
    .where('user_id', '=', userId)
    .execute()
  return rows.map(({ role }) => role)
}

/** The roles of the user that `users` of the outer query names, comma-separated, as an expression. */
export function userRolesExpression(dialect: Storage['dialect']): RawBuilder<string | null> {
  const join = dialect === 'sqlite' ? sql`group_concat(r.role, ',')` : sql`string_agg(r.role, ',')`
  return sql<string | null>`(select ${join} from user_roles r where r.tenant_id = u.tenant_id and r.user_id = u.id)`
}
