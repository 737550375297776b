import { z } from 'zod'
import { oneTimeTokenInput } from '../one-time-tokens/one-time-token-types.js'
import { tenantIdInput } from '../tenants/tenant-types.js'
import { transport } from '../tokens/token-types.js'
import { emailInput, usernameInput } from '../users/user-types.js'

/** Longer texts are not looked at: the policy's own limit is told apart below it. */
export const password = z
  .string()
  .min(1)
  .max(4096)
  // Encoding would make one password of two that differ by a lone surrogate, and some readers end at NUL.
  .refine((text) => !/[\p{Cs}\0]/u.test(text), 'must not contain NUL or half of a surrogate pair')
  .meta({ format: 'password' })

const registrationFields = z.object({
  email: emailInput
    .optional()
    .meta({ description: 'Needed without an invitation; with one it is the address invited.' }),
  password,
  invitation: oneTimeTokenInput.optional(),
  username: usernameInput.optional(),
  tenant_id: tenantIdInput,
  transport: transport.optional(),
})

export const registerInput = registrationFields
  .refine(({ email, invitation }) => email !== undefined || invitation !== undefined, {
    path: ['email'],
    error: 'is required',
    // Told together with what else is wrong, unless the fields could not be read at all.
    when: ({ issues }) => issues.every(({ path = [] }) => path[0] === 'password' || path[0] === 'username'),
  })
  .meta({ id: 'RegisterRequest' })

/** An account that somebody else makes. */
export const accountInput = registrationFields.omit({ invitation: true }).extend({ email: emailInput })

export const loginInput = z
  .object({
    email: emailInput,
    password,
    tenant_id: tenantIdInput,
    mfa_code: z.string().max(64).optional(),
    remember: z
      .boolean()
      .optional()
      .meta({ description: 'False: cookies that end with the browser, and a refresh token of at most `session.ttl`.' }),
    transport: transport.optional(),
  })
  .meta({ id: 'LoginRequest' })

export const changePasswordInput = z
  .object({ current_password: password, new_password: password })
  .meta({ id: 'ChangePasswordRequest' })

export const forgotPasswordInput = z
  .object({ email: emailInput, tenant_id: tenantIdInput })
  .meta({ id: 'ForgotPasswordRequest' })

export const resetPasswordInput = z
  .object({ token: oneTimeTokenInput, new_password: password })
  .meta({ id: 'ResetPasswordRequest' })

export interface Registration {
  readonly email: string
  readonly password: string
  readonly username?: string | undefined
}

/** Whose new password it is: what its owner is called must not be in it. */
export interface Registrant {
  readonly email: string | null
  readonly username: string
  readonly password: string
}

export interface PasswordLogin {
  readonly email: string
  readonly password: string
  readonly remember: boolean
}
