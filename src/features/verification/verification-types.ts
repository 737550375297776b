import { z } from 'zod'
import { oneTimeTokenInput } from '../one-time-tokens/one-time-token-types.js'
import { tenantIdInput } from '../tenants/tenant-types.js'
import { emailInput } from '../users/user-types.js'

export const verifyEmailInput = z.object({ token: oneTimeTokenInput }).meta({ id: 'VerifyEmailRequest' })

export const resendInput = z
  .object({
    email: emailInput.optional().meta({ description: "Absent: the caller's own address, which needs authentication." }),
    tenant_id: tenantIdInput,
  })
  .meta({ id: 'ResendVerificationRequest' })

export const changeEmailInput = z.object({ new_email: emailInput }).meta({ id: 'ChangeEmailRequest' })

/** Says nothing of whether a message is sent: that would tell whether the address has an account. */
export const acceptedAnswer = z.object({ status: z.literal('accepted') }).meta({ id: 'Accepted' })
export const ACCEPTED = { status: 202, body: { status: 'accepted' } } as const

/** What registration answers where an address must prove itself first, whether or not it had an account. */
export const verificationRequired = z.object({ status: z.literal('verification_required') }).meta({
  id: 'VerificationRequired',
  description: 'The address has to prove itself first. The same for one that is taken.',
})
