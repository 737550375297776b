import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { UserService } from '../users/user-service.js'
import type { User } from '../users/user-types.js'

export interface AdminService {
  /**
   * Disables an account, or enables it again. Disabling ends its sessions in the same transaction; enabling brings none
   * of them back, since the credentials have a new version. Nothing happens where the account is so already.
   * @throws SallyportError `not_found` where the scope has no such user
   */
  setDisabled(scope: TenantScope, userId: string, disabled: boolean, by: Decider): Promise<void>
  /**
   * Ends every session of a user.
   * @returns how many ended
   * @throws SallyportError `not_found` where the scope has no such user
   */
  endSessions(scope: TenantScope, userId: string, by: Decider): Promise<number>
}

/** Who decides; `actorId` is null for the command line and the host application. */
interface Decider {
  readonly actorId: string | null
  readonly client: ClientContext | null
}

export function createAdminService(parts: {
  readonly users: UserService
  readonly sessions: SessionService
  readonly audit: AuditService
}): AdminService {
  const { users, sessions, audit } = parts

  async function existing(scope: TenantScope, userId: string): Promise<User> {
    const user = await users.find(scope, userId)
    if (user === null) throw new SallyportError('not_found', { detail: 'There is no such user.' })
    return user
  }

  return {
    async setDisabled(scope, userId, disabled, { actorId, client }) {
      const user = await existing(scope, userId)
      const tenant = oneTenant(user.tenantId)
      await audit.transaction(async (tx, record) => {
        if (!(await users.setDisabled(tenant, tx, userId, disabled))) return
        const event = { tenantId: user.tenantId, actorId, userId, sessionId: null, client }
        await record({ ...event, type: disabled ? 'account.disabled' : 'account.enabled' })
        await sessions.endAll(tenant, tx, record, { userId, except: null, reason: 'account_disabled', actorId, client })
      })
    },
    async endSessions(scope, userId, by) {
      const { tenantId } = await existing(scope, userId)
      return audit.transaction((tx, record) =>
        sessions.endAll(oneTenant(tenantId), tx, record, { userId, except: null, reason: 'administrator', ...by }),
      )
    },
  }
}
