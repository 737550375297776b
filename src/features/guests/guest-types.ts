import { z } from 'zod'
import type { Identity } from '../../contract/identity.js'
import { password } from '../passwords/password-types.js'
import { tenantIdInput } from '../tenants/tenant-types.js'
import { transport } from '../tokens/token-types.js'
import { emailInput } from '../users/user-types.js'

/** Who bears a name that was given to a guest: a guest still, or somebody with an account since. */
export interface Guest {
  /** The user id. */
  readonly playerUuid: string
  readonly tenantId: string
  readonly username: string
  readonly isGuest: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A guest's session, and the one token of it. Times are milliseconds since the epoch. */
export interface GuestSession {
  readonly sessionId: string
  readonly token: string
  readonly username: string
  readonly playerUuid: string
  readonly expiresAt: number
  /** Seconds that a cookie with the token lives. */
  readonly cookieMaxAge: number
}

/** A guest's session that both its token and its record vouch for. Times are milliseconds since the epoch. */
export interface GuestValidation {
  readonly identity: Identity
  readonly createdAt: number
  readonly lastAccessed: number
}

export const createGuestInput = z
  .object({ tenant_id: tenantIdInput, transport: transport.optional() })
  .meta({ id: 'CreateGuestRequest' })

export const upgradeInput = z
  .object({ email: emailInput, password, transport: transport.optional() })
  .meta({ id: 'UpgradeRequest' })

/** What creation and refresh answer. */
export const guestSessionAnswer = z
  .object({
    session_id: z.uuid(),
    token: z.string().optional().meta({ description: 'A JWT. Absent where it travels as the cookie.' }),
    username: z.string().meta({ description: 'Such as `brave-otter-42`; unique among guests of the tenant.' }),
    player_uuid: z.uuid().meta({ description: 'The user id. An upgrade keeps it.' }),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'GuestSession' })

export const guestValidationAnswer = z
  .object({
    valid: z.literal(true),
    session_id: z.uuid(),
    username: z.string(),
    player_uuid: z.uuid(),
    created_at: z.iso.datetime(),
    last_accessed: z.iso.datetime().meta({ description: 'This validation counts as a use.' }),
    expires_at: z.iso.datetime().meta({ description: 'The end of the token that was sent.' }),
    is_active: z.literal(true),
  })
  .meta({ id: 'GuestValidation' })
