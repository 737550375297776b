import type { PendingInvitation } from '../api-answers.js'

/** An invitation as the command line shows it. */
export function invitationDocument({ id, tenantId, email, role, createdAt, expiresAt }: PendingInvitation) {
  return {
    id,
    tenant_id: tenantId,
    email,
    role,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  }
}
