declare const scoped: unique symbol

/** Rows of one tenant. */
export interface OneTenant {
  readonly kind: 'one'
  readonly tenantId: string
  readonly [scoped]: true
}

/** Rows of every tenant: for the superadmin's and the jobs' code, by name. */
export interface AllTenants {
  readonly kind: 'all'
  readonly [scoped]: true
}

/** The first parameter of every store function: a query without it does not compile. */
export type TenantScope = OneTenant | AllTenants
