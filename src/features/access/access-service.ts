import type { RawBuilder } from 'kysely'
import { BUILT_IN_ROLES } from '../../contract/built-in-roles.js'
import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { Memo } from '../../runtime/memo.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { RecordEvent } from '../audit/audit-types.js'
import { insertUserRole, listUserRoles, userRolesExpression } from './access-store.js'

export { permissionsOf } from '../../runtime/role-permissions.js'

export interface AccessService {
  /** @throws SallyportError `invalid_request` for a role that does not exist */
  assertRole(role: string): void
  /**
   * Grants a role and records it; nothing happens where the user has it.
   * @param actorId who grants; null for the system
   * @throws SallyportError `invalid_request` for a role that does not exist
   */
  grant(
    scope: OneTenant,
    db: Queryable,
    record: RecordEvent,
    grant: {
      readonly userId: string
      readonly role: string
      readonly actorId: string | null
      readonly client: ClientContext | null
    },
  ): Promise<void>
  /** The roles of a user, in a fixed order. */
  roles(scope: OneTenant, userId: string): Promise<readonly string[]>
  /** For a query over `users as u`: the roles of the row, comma-separated; read with `rolesOf`. */
  rolesColumn(): RawBuilder<string | null>
}

const ROLES: ReadonlySet<string> = new Set(BUILT_IN_ROLES.map(({ name }) => name))

export function createAccessService(storage: Storage, clock: Clock): AccessService {
  return {
    assertRole,
    async grant(scope, db, record, { userId, role, actorId, client }) {
      assertRole(role)
      if (!(await insertUserRole(scope, db, userId, role, clock.now()))) return
      await record({
        type: 'role.granted',
        tenantId: scope.tenantId,
        actorId,
        userId,
        sessionId: null,
        client,
        data: { role },
      })
    },
    async roles(scope, userId) {
      return (await listUserRoles(scope, storage.db, userId)).sort()
    },
    rolesColumn: () => userRolesExpression(storage.dialect),
  }
}

function assertRole(role: string): void {
  if (ROLES.has(role)) return
  const known = [...ROLES].join(', ')
  throw new SallyportError('invalid_request', {
    detail: `There is no such role; the roles are ${known}.`,
    errors: [{ path: 'role', message: `expected one of ${known}` }],
  })
}

/** Far more sets of roles than anybody has. */
const MOST_SETS = 1_000
const roleSets = new Memo((column) => Object.freeze(column.split(',').sort()), MOST_SETS)
const NO_ROLES: readonly string[] = Object.freeze([])

/** Reads what `rolesColumn` selected, in a fixed order. The same for all who have these roles: frozen. */
export function rolesOf(column: string | null): readonly string[] {
  return column === null || column === '' ? NO_ROLES : roleSets.of(column)
}
