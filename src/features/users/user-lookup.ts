import type { Transaction } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import { toUser } from './user-store.js'
import type { UserWithPassword } from './user-types.js'

/** @param tx the transaction to read in. Default: none */
export type FindUserByEmail = (
  scope: OneTenant,
  email: string,
  tx?: Transaction<Tables>,
) => Promise<UserWithPassword | null>

export function prepareFindUserByEmail(storage: Storage): FindUserByEmail {
  const query = storage.db
    .selectFrom('users')
    .selectAll()
    .where('tenant_id', '=', parameter<string>())
    .where('email', '=', parameter<string>())
  const find = storage.prepareOne('find_user_by_email', query.compile())
  return async ({ tenantId }, email, tx) => {
    const row = await find([tenantId, email], tx)
    return row === null ? null : toUser(row)
  }
}
