import { z } from 'zod'
import type { PendingInvitation } from './api-answers.js'
import type { InvitationsApi } from './api-types.js'
import type { InvitationService } from './features/invitations/invitation-service.js'
import { type Invitation, invitationInput } from './features/invitations/invitation-types.js'
import { parseInput } from './http/validation.js'
import { allTenants, oneTenant } from './storage/tenant-scope.js'

export function invitationsApi(invitations: InvitationService): InvitationsApi {
  const host = { actorId: null, client: null }
  return {
    async create({ tenantId, expiresIn, ...input }) {
      const asked = parseInput(invitationInput, { ...input, tenant_id: tenantId, expires_in: expiresIn })
      return invitationOf(await invitations.create(asked, host))
    },
    async list({ tenantId, cursor = null, limit = 50 } = {}) {
      const scope = tenantId === undefined ? allTenants() : oneTenant(tenantId)
      const { items, nextCursor } = await invitations.list(scope, { cursor, limit: parseInput(z.int(), limit) })
      return { items: items.map(invitationOf), nextCursor }
    },
    revoke: (id) => invitations.revoke(allTenants(), String(id), host),
  }
}

function invitationOf({ createdAt, expiresAt, ...rest }: Invitation): PendingInvitation {
  return { ...rest, createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) }
}
