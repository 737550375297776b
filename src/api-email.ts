import type { CallContext } from './api-answers.js'
import { clientOf, counted, named } from './api-context.js'
import type { EmailApi } from './api-types.js'
import type { RateLimitService } from './features/rate-limits/rate-limit-service.js'
import { emailInput } from './features/users/user-types.js'
import type { VerificationService } from './features/verification/verification-service.js'
import { parseInput } from './http/validation.js'

export function emailApi({
  verification,
  limits,
}: {
  readonly verification: VerificationService
  readonly limits: RateLimitService
}): EmailApi {
  const sender = (context: CallContext | undefined) => counted(limits, 'mail', clientOf(context))
  const follower = (context: CallContext | undefined) => counted(limits, 'links', clientOf(context))
  return {
    verify: async ({ token }, context) => verification.verify(String(token), await follower(context)),
    undoChange: async ({ token }, context) => verification.undoChange(String(token), await follower(context)),
    resend: async (identity, context) => verification.resendOwn(identity, await sender(context)),
    async resendTo({ email, tenantId }, context) {
      const address = parseInput(emailInput, email)
      await verification.resendTo(address, named(tenantId, context), await sender(context))
    },
    async change(identity, { newEmail }, context) {
      await verification.requestChange(identity, parseInput(emailInput, newEmail), await sender(context))
    },
  }
}
