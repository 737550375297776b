/** The tenant of everybody who never names one. Seeded by the first migration; its id is fixed for good. */
export const DEFAULT_TENANT_ID = '00000000-0000-7000-8000-000000000000'
export const DEFAULT_TENANT_SLUG = 'default'
