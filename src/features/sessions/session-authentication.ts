import { sql } from 'kysely'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant } from '../../storage/tenant-scope.js'

/**
 * Sets the time of the last authentication of a live session to now, in one statement with what must still be so: a
 * password that was replaced meanwhile renews nothing.
 */
export async function renewAuthentication(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  session: { readonly id: string; readonly userId: string; readonly credentialVersion: number },
): Promise<boolean> {
  const now = storage.now()
  const row = await db
    .updateTable('sessions')
    .set({ auth_time: now })
    .where(inTenant(scope))
    .where('id', '=', session.id)
    .where('user_id', '=', session.userId)
    .where('credential_version', '=', session.credentialVersion)
    .where('revoked_at', 'is', null)
    .where('absolute_expires_at', '>', now)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('users as u')
          .select(sql.lit(1).as('one'))
          .whereRef('u.tenant_id', '=', 'sessions.tenant_id')
          .whereRef('u.id', '=', 'sessions.user_id')
          .whereRef('u.credential_version', '=', 'sessions.credential_version')
          .where('u.disabled_at', 'is', null),
      ),
    )
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Carries a live session over to the credentials that its holder has just changed, in the transaction of the change; the
 * password was given, so that it counts as an authentication. False where the session has ended.
 */
export async function carryOver(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  session: { readonly id: string; readonly userId: string },
  credentialVersion: number,
): Promise<boolean> {
  const now = storage.now()
  const row = await db
    .updateTable('sessions')
    .set({ credential_version: credentialVersion, auth_time: now })
    .where(inTenant(scope))
    .where('id', '=', session.id)
    .where('user_id', '=', session.userId)
    // A session that an earlier change left behind stays behind.
    .where('credential_version', '=', credentialVersion - 1)
    .where('revoked_at', 'is', null)
    .where('absolute_expires_at', '>', now)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}
