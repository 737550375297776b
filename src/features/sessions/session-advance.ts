import { type RawBuilder, sql } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import type { Storage } from '../../storage/storage.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { AuditEvent } from '../audit/audit-types.js'
import { type HolderColumns, selectFound, toFound } from './session-lookup.js'
import { IDLE_MARK, spendsText } from './session-store.js'
import type { FoundSession, Spend } from './session-types.js'

/** More spent pairs than this within one grace are remembered by nobody. */
const SPENDS_KEPT = 64

export interface Advance {
  readonly id: string
  readonly counter: number
  readonly keyId: number
  /** The earlier spend times worth keeping, oldest first. */
  readonly spends: readonly Spend[]
  /** The access token of the pair that is spent had ended by idleness. */
  readonly wasIdle: boolean
  /** Milliseconds. */
  readonly refreshLifetime: number
}

/** Spends the current pair and records `event`. Gives the session as it is then, or null to everybody but the one that spent it. */
export type AdvanceSession = (scope: OneTenant, advance: Advance, event: AuditEvent) => Promise<FoundSession | null>

/**
 * Prepares the one statement that decides a refresh. It advances the counter only if the session is alive, its ends are
 * not passed, the pair is still the current one, and the account has not moved on, all at once.
 */
export function prepareAdvanceSession(columns: HolderColumns, audit: AuditService): AdvanceSession {
  const { storage } = columns
  const decide = audit.prepareDecision({
    name: 'advance_session',
    decide: advanceCurrent(storage),
    show: selectFound(columns, 'decided'),
    again: sessionByKey(storage),
  })
  return async (scope, advance, event) => {
    const { id, counter, keyId, spends, wasIdle, refreshLifetime } = advance
    const earlier = spendsText(spends.slice(1 - SPENDS_KEPT))
    const prefix = earlier === '' ? '' : `${earlier},`
    const mark = wasIdle ? IDLE_MARK : ''
    const key = [scope.tenantId, id]
    const row = await decide({ decide: [keyId, prefix, mark, refreshLifetime, ...key, counter], again: key }, event)
    return row === null ? null : toFound(row)
  }
}

/** Places: the key's id, the earlier spends, the mark, the refresh lifetime, tenant, session, counter. */
function advanceCurrent(storage: Storage) {
  const now = storage.now()
  return storage.db
    .updateTable('sessions')
    .set({
      counter: sql<number>`counter + 1`,
      key_id: parameter<number>(),
      spends: sql<string>`cast(${parameter()} as text) || cast(${now} as text) || cast(${parameter()} as text)`,
      refreshed_at: now,
      last_activity: now,
      refresh_expires_at: lesser(storage, sql`${now} + cast(${parameter()} as bigint)`, sql`absolute_expires_at`),
    })
    .where('tenant_id', '=', parameter<string>())
    .where('id', '=', parameter<string>())
    .where('counter', '=', parameter<number>())
    .where('revoked_at', 'is', null)
    .where('refresh_expires_at', '>', now)
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
    .returningAll()
}

function sessionByKey(storage: Storage) {
  return storage.db
    .selectFrom('sessions')
    .selectAll()
    .where('tenant_id', '=', parameter<string>())
    .where('id', '=', parameter<string>())
}

function lesser(storage: Storage, one: RawBuilder<unknown>, other: RawBuilder<unknown>): RawBuilder<number> {
  return storage.dialect === 'postgres' ? sql<number>`least(${one}, ${other})` : sql<number>`min(${one}, ${other})`
}
