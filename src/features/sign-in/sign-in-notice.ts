import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import type { Clock } from '../../runtime/clock.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { MailService } from '../mail/mail-service.js'
import type { UserService } from '../users/user-service.js'

export interface NewDeviceNotice {
  /** Queues a message to the owner of an account, in the transaction of the sign-in. */
  tell(scope: OneTenant, tx: Transaction<Tables>, userId: string, client: ClientContext): Promise<void>
}

/** @param parts.isOn `auth.notices.new_device` */
export function createNewDeviceNotice(parts: {
  readonly isOn: boolean
  readonly users: UserService
  readonly mail: MailService
  readonly clock: Clock
}): NewDeviceNotice {
  const { isOn, users, mail, clock } = parts
  return {
    async tell(scope, tx, userId, client) {
      const user = isOn ? await users.read(scope, tx, userId) : null
      if (user === null || user.email === null) return
      // Who signs in with ever other names of browsers must not flood an address that may be a stranger's.
      if (!user.emailVerified && !(await mail.mayAsk(scope, tx, user.email))) return
      const { ipAddress, userAgent } = client
      await mail.enqueue(tx, {
        ...{ tenantId: scope.tenantId, to: user.email, userId, locale: user.locale ?? client.locale ?? null },
        template: 'new_device',
        ...{ client: { ipAddress, userAgent }, at: clock.now() },
      })
    },
  }
}
