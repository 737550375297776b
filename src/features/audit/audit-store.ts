import type { Transaction } from 'kysely'
import { type RawBuilder, sql } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import { preparedByCount } from '../../storage/prepared-by-count.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import type { AuditEvent } from './audit-types.js'

/** An event as it is kept. */
export interface StoredEvent extends AuditEvent {
  readonly id: string
  readonly createdAt: number
}

/** Far below the number of values that one statement may hold. */
const BATCH = 200
/** More events than these are rare, and take a statement that is compiled for them. */
const MOST_PREPARED = 6

const COLUMNS = [
  'id',
  'tenant_id',
  'type',
  'actor_id',
  'user_id',
  'session_id',
  'ip_address',
  'user_agent',
  'request_id',
  'data',
  'created_at',
] as const

const INTO = sql`audit_events (${sql.join(COLUMNS.map((column) => sql.ref(column)))})`

/** An event as its columns hold it, which are named so that it may stand beside other values. */
export function eventRow(event: StoredEvent) {
  const { client } = event
  return {
    event_id: event.id,
    event_tenant_id: event.tenantId,
    event_type: event.type,
    event_actor_id: event.actorId,
    event_user_id: event.userId,
    event_session_id: event.sessionId,
    event_ip_address: client?.ipAddress ?? null,
    event_user_agent: client?.userAgent ?? null,
    event_request_id: client?.requestId ?? null,
    event_data: JSON.stringify(event.data ?? {}),
    event_created_at: event.createdAt,
  }
}

function valuesOf(event: StoredEvent): readonly (string | number | null)[] {
  const row = eventRow(event)
  return COLUMNS.map((column) => row[`event_${column}`])
}

/** The columns of `eventRow`. */
export const EVENT_TYPES: Readonly<Record<string, 'text' | 'bigint'>> = Object.fromEntries(
  COLUMNS.map((column) => [`event_${column}`, column === 'created_at' ? 'bigint' : 'text']),
)

/** Inserts the events that stand in the rows of `source` whose id is one of `chosen`. */
export function insertEventsOf(source: string, chosen: string): RawBuilder<unknown> {
  const values = COLUMNS.map((column) => sql.ref(`e.event_${column}`))
  return sql`insert into ${INTO} select ${sql.join(values)} from ${sql.table(source)} e join ${sql.table(chosen)} d on d.id = e.id`
}

export type InsertEvents = (tx: Transaction<Tables>, events: readonly StoredEvent[]) => Promise<void>

/** Appends events; nothing updates or deletes one. */
export function prepareInsertEvents(storage: Storage): InsertEvents {
  const row = () => sql`(${sql.join(COLUMNS.map(() => parameter()))})`
  const statementFor = preparedByCount(storage, 'insert_events', (count) =>
    sql`insert into ${INTO} values ${sql.join(Array.from({ length: count }, row))}`.compile(storage.db),
  )
  return async (tx, events) => {
    if (events.length > MOST_PREPARED) return insertMany(tx, events)
    if (events.length > 0) await statementFor(events.length)(events.flatMap(valuesOf), tx)
  }
}

async function insertMany(db: Queryable, events: readonly StoredEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += BATCH) {
    const rows = events.slice(start, start + BATCH).map((event) => sql`(${sql.join([...valuesOf(event)])})`)
    await sql`insert into ${INTO} values ${sql.join(rows)}`.execute(db)
  }
}
