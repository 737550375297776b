import type { Queryable } from '../../storage/storage.js'
import type { AuditEvent } from './audit-types.js'

/** Appends one event; nothing updates or deletes one. */
export async function insertAuditEvent(db: Queryable, id: string, createdAt: number, event: AuditEvent): Promise<void> {
  await db
    .insertInto('audit_events')
    .values({
      id,
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
    })
    .execute()
}
