import type { Queryable } from '../../storage/storage.js'
import type { AuditEvent } from './audit-types.js'

/** Far below the number of values that one statement may hold. */
const BATCH = 200

/** Appends events; nothing updates or deletes one. */
export async function insertAuditEvents(
  db: Queryable,
  createdAt: number,
  events: readonly (AuditEvent & { readonly id: string })[],
): Promise<void> {
  for (let start = 0; start < events.length; start += BATCH) {
    const rows = events.slice(start, start + BATCH).map((event) => ({
      id: event.id,
      tenant_id: event.tenantId,
      type: event.type,
      actor_id: event.actorId,
      user_id: event.userId,
      session_id: event.sessionId,
      ip_address: event.client?.ipAddress ?? null,
      user_agent: event.client?.userAgent ?? null,
      request_id: event.client?.requestId ?? null,
      data: JSON.stringify(event.data ?? {}),
      created_at: createdAt,
    }))
    await db.insertInto('audit_events').values(rows).execute()
  }
}
