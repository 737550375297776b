import { clientOf, counted, named } from './api-context.js'
import type { PasswordApi } from './api-types.js'
import type { PasswordChangeService } from './features/passwords/password-change-service.js'
import type { PasswordResetService } from './features/passwords/password-reset-service.js'
import { changePasswordInput, forgotPasswordInput, resetPasswordInput } from './features/passwords/password-types.js'
import type { RateLimitService } from './features/rate-limits/rate-limit-service.js'
import { parseInput } from './http/validation.js'

export function passwordApi({
  passwordChange,
  passwordReset,
  limits,
}: {
  readonly passwordChange: PasswordChangeService
  readonly passwordReset: PasswordResetService
  readonly limits: RateLimitService
}): PasswordApi {
  return {
    async change(identity, { currentPassword, newPassword }, context) {
      const input = { current_password: currentPassword, new_password: newPassword }
      const { current_password: current, new_password: next } = parseInput(changePasswordInput, input)
      const client = await counted(limits, 'hashing', clientOf(context))
      await passwordChange.change(identity, { current, next }, client)
    },
    async forgot({ email, tenantId }, context) {
      const { tenant_id, ...asked } = parseInput(forgotPasswordInput, { email, tenant_id: tenantId })
      const client = await counted(limits, 'mail', clientOf(context))
      await passwordReset.forgot(asked.email, named(tenant_id, context), client)
    },
    async reset({ token, newPassword }, context) {
      const input = parseInput(resetPasswordInput, { token, new_password: newPassword })
      const client = await counted(limits, 'hashing', clientOf(context))
      await passwordReset.reset(input.token, input.new_password, client)
    },
  }
}
