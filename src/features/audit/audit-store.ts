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

/** The values of an event in the order of its columns: what `insertEvent` and `insertEventFor` have places for. */
export function valuesOf(event: StoredEvent): readonly (string | number | null)[] {
  const { client } = event
  return [
    event.id,
    event.tenantId,
    event.type,
    event.actorId,
    event.userId,
    event.sessionId,
    client?.ipAddress ?? null,
    client?.userAgent ?? null,
    client?.requestId ?? null,
    JSON.stringify(event.data ?? {}),
    event.createdAt,
  ]
}

/** Inserts an event for each row of `source`; the event's values are places. */
export function insertEventFor(source: string): RawBuilder<unknown> {
  const values = COLUMNS.map((column) =>
    column === 'created_at' ? sql`cast(${parameter()} as bigint)` : sql`cast(${parameter()} as text)`,
  )
  return sql`insert into ${INTO} select ${sql.join(values)} from ${sql.table(source)}`
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
