import type { Queryable } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import type { Tenant } from './tenant-types.js'

/** The tenant of the scope, or null where no such tenant exists. */
export async function findTenant(scope: TenantScope, db: Queryable): Promise<Tenant | null> {
  const row = await db
    .selectFrom('tenants')
    .select(['id', 'slug', 'name', 'default_role'])
    .where(inTenant(scope, 'id'))
    .executeTakeFirst()
  return row === undefined ? null : { id: row.id, slug: row.slug, name: row.name, defaultRole: row.default_role }
}
