import { type InferResult, type RawBuilder, type Selectable, sql } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import type { Storage } from '../../storage/storage.js'
import type { SessionsTable } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import { permissionsOf, rolesOf } from '../access/access-service.js'
import { floorOf } from '../revocation/revocation-service.js'
import { toSession, wasProven } from './session-store.js'
import type { FoundSession } from './session-types.js'

export type FindSession = (scope: OneTenant, id: string) => Promise<FoundSession | null>

/** How the account of a session is read. */
export interface HolderColumns {
  readonly storage: Storage
  /** Selects the roles of `u`, see `AccessService.rolesColumn`. */
  readonly roles: RawBuilder<string | null>
}

/** Selects sessions with their holders' accounts as they stand now, and the database's time. @param from `sessions`, or what holds its columns */
export function selectFound({ storage, roles }: HolderColumns, from: string) {
  return storage.db
    .selectFrom(sql<Selectable<SessionsTable>>`${sql.table(from)}`.as('s'))
    .innerJoin('users as u', (join) => join.onRef('u.tenant_id', '=', 's.tenant_id').onRef('u.id', '=', 's.user_id'))
    .selectAll('s')
    .select([
      'u.email',
      'u.email_verified',
      'u.username',
      'u.is_guest',
      'u.created_at as user_created_at',
      'u.credential_version as user_credential_version',
      'u.disabled_at',
      roles.as('roles'),
      sql<number>`${storage.now()}`.as('now'),
      floorOf(storage).as('floor'),
    ])
}

type FoundRow = InferResult<ReturnType<typeof selectFound>>[number]

/**
 * The hot statement: a session, its holder's account as it stands now, and the database's time, in one prepared
 * look-up by primary key.
 * @param withBypass false: a session that bypass opened is not there, whatever database it was left in
 */
export function prepareFindSession(columns: HolderColumns, withBypass: boolean): FindSession {
  const query = selectFound(columns, 'sessions')
    .where('s.id', '=', parameter<string>())
    .where('s.tenant_id', '=', parameter<string>())
    .$if(!withBypass, (found) => found.where(wasProven('s.auth_methods')))
  const find = columns.storage.prepare('find_session', query.compile())
  return async (scope, id) => {
    const [row] = await find([id, scope.tenantId])
    return row === undefined ? null : toFound(row)
  }
}

export function toFound(row: FoundRow): FoundSession {
  const roles = rolesOf(row.roles)
  return {
    session: toSession(row),
    holder: {
      email: row.email,
      emailVerified: row.email_verified === 1,
      username: row.username,
      isGuest: row.is_guest === 1,
      createdAt: row.user_created_at,
      credentialVersion: row.user_credential_version,
      disabledAt: row.disabled_at,
      roles,
      permissions: permissionsOf(roles),
    },
    now: row.now,
    floor: row.floor,
  }
}
