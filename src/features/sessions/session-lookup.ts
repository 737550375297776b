import { type InferResult, type RawBuilder, type Selectable, sql } from 'kysely'
import { Gathering } from '../../runtime/gathering.js'
import { isUuid } from '../../runtime/ids.js'
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

/** Sessions that are looked up by one statement at most. */
const MOST_AT_ONCE = 64

/**
 * Looks up a session, its holder's account as it stands now, and the database's time, by primary key. On PostgreSQL
 * those that are wanted in one turn of the event loop share a statement, and so one connection and one exchange.
 * @param withBypass false: a session that bypass opened is not there, whatever database it was left in
 */
export function prepareFindSession(columns: HolderColumns, withBypass: boolean): FindSession {
  const find = prepareFindOne(columns, withBypass)
  if (columns.storage.dialect === 'sqlite') return find
  const findMany = prepareFindMany(columns, withBypass)
  const gathering = new Gathering<WantedSession, FoundSession | null>(async (wanted) => {
    const [only] = wanted
    return wanted.length === 1 && only !== undefined ? [await find(only.scope, only.id)] : findMany(wanted)
  }, MOST_AT_ONCE)
  // What is no id could be two of them in a list.
  return (scope, id) => (isUuid(id) && isUuid(scope.tenantId) ? gathering.of({ scope, id }) : find(scope, id))
}

interface WantedSession {
  readonly scope: OneTenant
  readonly id: string
}

/** The hot statement. */
function prepareFindOne(columns: HolderColumns, withBypass: boolean): FindSession {
  const query = selectFound(columns, 'sessions')
    .where('s.id', '=', parameter<string>())
    .where('s.tenant_id', '=', parameter<string>())
    .$if(!withBypass, (found) => found.where(wasProven('s.auth_methods')))
  const find = columns.storage.prepareOne('find_session', query.compile())
  return async (scope, id) => {
    const row = await find([id, scope.tenantId])
    return row === null ? null : toFound(row)
  }
}

/** The same for several, each in its own tenant. Gives them in the order of asking. */
function prepareFindMany(columns: HolderColumns, withBypass: boolean) {
  const list = () => sql`string_to_array(${parameter()}, ',')`
  const wanted = sql<{ tenant_id: string; id: string }>`unnest(${list()}, ${list()})`
  const query = selectFound(columns, 'sessions')
    .innerJoin(wanted.as<'wanted'>(sql`wanted (tenant_id, id)`), (join) =>
      join.onRef('s.tenant_id', '=', 'wanted.tenant_id').onRef('s.id', '=', 'wanted.id'),
    )
    .$if(!withBypass, (found) => found.where(wasProven('s.auth_methods')))
  const findAll = columns.storage.prepare('find_sessions', query.compile())
  return async (sessions: readonly WantedSession[]): Promise<readonly (FoundSession | null)[]> => {
    const tenants = sessions.map(({ scope }) => scope.tenantId)
    const rows = await findAll([tenants.join(), sessions.map(({ id }) => id).join()])
    const found = new Map(rows.map((row) => [row.id, row]))
    return sessions.map(({ scope, id }) => {
      const row = found.get(id)
      return row === undefined || row.tenant_id !== scope.tenantId ? null : toFound(row)
    })
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
