const scoped: unique symbol = Symbol('tenant scope')

/** Rows of one tenant. */
export interface OneTenant {
  readonly kind: 'one'
  readonly tenantId: string
  readonly [scoped]: true
}

/** Rows of every tenant. */
export interface AllTenants {
  readonly kind: 'all'
  readonly [scoped]: true
}

/** The first parameter of every store function: a query without it does not compile, and no literal can stand in for it. */
export type TenantScope = OneTenant | AllTenants

/** The rows of one tenant. @param tenantId from a checked credential or a tenant that was looked up, never from a request as it came */
export function oneTenant(tenantId: string): OneTenant {
  return { kind: 'one', tenantId, [scoped]: true }
}

/** The rows of all tenants: for the superadmin's and the jobs' code alone. */
export function allTenants(): AllTenants {
  return { kind: 'all', [scoped]: true }
}
