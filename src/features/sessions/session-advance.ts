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
    given: GIVEN,
    decide: advanceCurrent(storage),
    show: selectFound(columns, 'decided'),
    again: sessionByKey(storage),
  })
  return async ({ tenantId }, { id, counter, keyId, spends, wasIdle, refreshLifetime }, event) => {
    const earlier = spendsText(spends.slice(1 - SPENDS_KEPT))
    const given = {
      id,
      tenant: tenantId,
      pair: counter,
      next_key: keyId,
      earlier: earlier === '' ? '' : `${earlier},`,
      mark: wasIdle ? IDLE_MARK : '',
      lifetime: refreshLifetime,
    }
    const row = await decide({ given, again: [tenantId, id] }, event)
    return row === null ? null : toFound(row)
  }
}

/** None of them is the name of a column that is changed. */
const GIVEN = {
  id: 'text',
  tenant: 'text',
  /** The number of the current pair. */
  pair: 'bigint',
  next_key: 'bigint',
  /** The times of earlier spends, and where there are any the comma behind them. */
  earlier: 'text',
  mark: 'text',
  lifetime: 'bigint',
} as const

function advanceCurrent(storage: Storage) {
  const now = storage.now()
  const advance = storage.db
    .updateTable('sessions')
    .from(sql<{ id: string; tenant: string; pair: number }>`given`.as('given'))
    .set({
      counter: sql<number>`counter + 1`,
      key_id: sql<number>`given.next_key`,
      spends: sql<string>`given.earlier || cast(${now} as text) || given.mark`,
      refreshed_at: now,
      last_activity: now,
      refresh_expires_at: lesser(storage, sql`${now} + given.lifetime`, sql`absolute_expires_at`),
    })
    .whereRef('sessions.tenant_id', '=', 'given.tenant')
    .whereRef('sessions.id', '=', 'given.id')
    .whereRef('counter', '=', 'given.pair')
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
  return storage.dialect === 'postgres' ? advance.returningAll('sessions') : advance.returning('counter')
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
