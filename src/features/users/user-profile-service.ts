import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { UserService } from './user-service.js'
import type { ProfileChange } from './user-types.js'

/**
 * Makes the function by which callers change what is theirs to change.
 * @throws SallyportError `forbidden` (a guest), `not_found` (the account is gone)
 */
export function createProfileUpdate(parts: { readonly users: UserService; readonly audit: AuditService }) {
  const { users, audit } = parts
  return async (identity: Identity, change: ProfileChange, client: ClientContext): Promise<Identity> => {
    const { tenantId, userId, sessionId, isGuest } = identity
    const { username = identity.username, locale } = change
    if (change.username === undefined && locale === undefined) return identity
    if (isGuest) throw new SallyportError('forbidden', { detail: 'A guest has the name that was given.' })
    await audit.transaction(async (tx, record) => {
      if (!(await users.update(oneTenant(tenantId), tx, userId, change))) throw new SallyportError('not_found')
      const data = locale === undefined ? {} : { locale }
      await record({ type: 'user.updated', tenantId, actorId: userId, userId, sessionId, client, data })
    })
    return { ...identity, username }
  }
}
