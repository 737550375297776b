import { z } from 'zod'

export interface Tenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  /** Given to who registers. */
  readonly defaultRole: string
}

/** The tenant as an unauthenticated caller names it in a body. */
export const tenantIdInput = z
  .string()
  .toLowerCase()
  .pipe(z.uuid())
  .optional()
  .meta({ type: 'string', format: 'uuid', description: 'Absent: the default tenant, or the one of X-Tenant-ID.' })
