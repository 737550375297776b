import type { Kysely, Selectable } from 'kysely'
import type { AuditEventsTable, Tables } from '../../src/storage/tables.js'

/** The events that concern somebody, by time and name: those of one moment have no other order in the rows. */
export async function eventsOf(
  db: Kysely<Tables>,
  about: { readonly userId?: string; readonly sessionId?: string },
): Promise<readonly Selectable<AuditEventsTable>[]> {
  let query = db.selectFrom('audit_events').selectAll()
  if (about.userId !== undefined) query = query.where('user_id', '=', about.userId)
  if (about.sessionId !== undefined) query = query.where('session_id', '=', about.sessionId)
  return query.orderBy('created_at').orderBy('type').execute()
}

/** Only the names of the events. */
export async function trailOf(...about: Parameters<typeof eventsOf>): Promise<readonly string[]> {
  return (await eventsOf(...about)).map(({ type }) => type)
}
