import { SallyportError } from '../../contract/sallyport-error.js'
import { isUuid } from '../../runtime/ids.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Storage } from '../../storage/storage.js'
import { type OneTenant, oneTenant } from '../../storage/tenant-scope.js'
import { prepareFindTenant } from './tenant-lookup.js'
import type { Tenant } from './tenant-types.js'

/** What a caller says of the tenant. */
export interface NamedTenant {
  readonly body: string | undefined
  /** `X-Tenant-ID`. */
  readonly header: string | null
}

export interface TenantService {
  /**
   * The tenant that an unauthenticated caller names, in the body or in `X-Tenant-ID`; the default one where nothing is named.
   * `tenant` is null where none of that name exists: what that means is the caller's to say, so that a sign-in can
   * answer for an unknown tenant as it does for an unknown account.
   * @throws SallyportError `invalid_request` when the two names differ or one is no id
   */
  resolve(named: NamedTenant): Promise<{ readonly scope: OneTenant; readonly tenant: Tenant | null }>
  /** The same, for who may be told that there is no such tenant. @throws SallyportError `invalid_request` */
  existing(named: NamedTenant): Promise<{ readonly scope: OneTenant; readonly tenant: Tenant }>
}

export function createTenantService(storage: Storage): TenantService {
  const find = prepareFindTenant(storage)
  return {
    async resolve({ body, header }) {
      const asked = header === null ? undefined : header.toLowerCase()
      if (asked !== undefined && !isUuid(asked)) throw badTenant('X-Tenant-ID', 'expected a tenant id (UUID)')
      if (asked !== undefined && body !== undefined && asked !== body)
        throw badTenant('tenant_id', 'differs from the X-Tenant-ID header')
      const scope = oneTenant(body ?? asked ?? DEFAULT_TENANT_ID)
      return { scope, tenant: await find(scope) }
    },
    async existing(named) {
      const { scope, tenant } = await this.resolve(named)
      if (tenant !== null) return { scope, tenant }
      throw new SallyportError('invalid_request', {
        detail: 'There is no such tenant.',
        errors: [{ path: 'tenant_id', message: 'names no tenant' }],
      })
    },
  }
}

function badTenant(path: string, message: string): SallyportError {
  return new SallyportError('invalid_request', { detail: `${path}: ${message}.`, errors: [{ path, message }] })
}
