import { type RawBuilder, sql } from 'kysely'
import type { TenantScope } from './tenant-scope.js'

/** The condition that keeps a query inside `scope`. @param column the tenant column, qualified where a join needs it */
export function inTenant(scope: TenantScope, column = 'tenant_id'): RawBuilder<boolean> {
  return scope.kind === 'one' ? sql<boolean>`${sql.ref(column)} = ${scope.tenantId}` : sql<boolean>`1 = 1`
}
