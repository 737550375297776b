import { z } from 'zod'
import { oneTimeTokenInput } from '../one-time-tokens/one-time-token-types.js'
import { tenantIdInput } from '../tenants/tenant-types.js'
import { transport } from '../tokens/token-types.js'
import { emailInput } from '../users/user-types.js'

const remember = z
  .boolean()
  .optional()
  .meta({ description: 'False: cookies that end with the browser, and a refresh token of at most `session.ttl`.' })

export const magicLinkInput = z
  .object({
    email: emailInput,
    tenant_id: tenantIdInput,
    remember,
    transport: transport.optional().meta({
      description: '`cookie`: the link signs in where the cookie of this answer is. So it is for every browser.',
    }),
  })
  .meta({ id: 'MagicLinkRequest' })

export const magicLinkVerifyInput = z
  .object({ token: oneTimeTokenInput, tenant_id: tenantIdInput, remember, transport: transport.optional() })
  .meta({ id: 'MagicLinkVerifyRequest' })

export const magicLinkAnswer = z
  .object({ status: z.literal('accepted') })
  .meta({ id: 'MagicLinkAccepted', description: 'The same for every address.' })

export interface MagicLinkAsked {
  readonly email: string
  readonly remember: boolean
  /** What only this browser will bring again; null for a caller that is none. */
  readonly binding: string | null
}

export interface MagicLinkPresented {
  readonly token: string
  /** Undefined: as it was asked for. */
  readonly remember: boolean | undefined
  /** True where the request has what only browsers send. */
  readonly isBrowser: boolean
  /** Everything brought that may be what the link was bound to. */
  readonly bindings: readonly string[]
}
