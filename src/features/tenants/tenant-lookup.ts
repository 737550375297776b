import { parameter } from '../../storage/parameters.js'
import type { Storage } from '../../storage/storage.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { Tenant } from './tenant-types.js'

/** The tenant of the scope, or null where no such tenant exists. */
export type FindTenant = (scope: OneTenant) => Promise<Tenant | null>

export function prepareFindTenant(storage: Storage): FindTenant {
  const query = storage.db
    .selectFrom('tenants')
    .select(['id', 'slug', 'name', 'default_role'])
    .where('id', '=', parameter<string>())
  const find = storage.prepareOne('find_tenant', query.compile())
  return async ({ tenantId }) => {
    const row = await find([tenantId])
    return row === null ? null : { id: row.id, slug: row.slug, name: row.name, defaultRole: row.default_role }
  }
}
