import { z } from 'zod'
import { tenantIdInput } from '../tenants/tenant-types.js'
import { emailInput } from '../users/user-types.js'

/** Seconds. */
const SHORTEST = 60
const LONGEST = 90 * 86_400
const USUAL = 7 * 86_400

/** What an administrator decides: nothing of it is the invited person's to change. */
export const invitationInput = z.object({
  email: emailInput,
  role: z.string().max(64).optional(),
  tenant_id: tenantIdInput,
  expires_in: z.int().min(SHORTEST).max(LONGEST).default(USUAL),
  inviter: z
    .string()
    .transform((text) => text.normalize('NFC').trim())
    .refine((name) => /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(name), 'expected 1 to 64 printable characters')
    .optional(),
})

/** An invitation that can still be accepted; never its token, which only the mail holds. Times in milliseconds since the epoch. */
export interface Invitation {
  readonly id: string
  readonly tenantId: string
  readonly email: string
  readonly role: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** Who registers, with or without an invitation. */
export interface RegistrationRequest {
  readonly email?: string | undefined
  readonly password: string
  readonly username?: string | undefined
  /** `spt_…`, from the mail. */
  readonly invitation?: string | undefined
}
