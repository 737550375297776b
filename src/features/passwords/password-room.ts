import type { Config } from '../../config/config.js'
import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'
import type { Storage } from '../../storage/storage.js'
import type { AuditService } from '../audit/audit-service.js'
import { openBreachLookup } from '../breached-passwords/breached-password-service.js'
import type { LinkService } from '../links/link-service.js'
import type { LockoutService } from '../lockouts/lockout-service.js'
import type { MailService } from '../mail/mail-service.js'
import type { OneTimeTokenService } from '../one-time-tokens/one-time-token-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { SignInService } from '../sign-in/sign-in-service.js'
import type { TenantService } from '../tenants/tenant-service.js'
import type { UserService } from '../users/user-service.js'
import type { VerificationService } from '../verification/verification-service.js'
import { createPasswordChangeService } from './password-change-service.js'
import { PasswordHashQueue } from './password-hash-queue.js'
import { createPasswordHashing } from './password-hashing.js'
import { createPasswordReplacement } from './password-replacement.js'
import { createPasswordResetService } from './password-reset-service.js'
import { createPasswordScreening } from './password-screening.js'
import { createPasswordService } from './password-service.js'

/**
 * Everything of this room, wired together.
 * @throws ConfigError where the file of known passwords is missing
 */
export async function openPasswordRoom(parts: {
  readonly config: Config
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: AuditService
  readonly tenants: TenantService
  readonly users: UserService
  readonly sessions: SessionService
  readonly signIn: SignInService
  readonly lockouts: LockoutService
  readonly oneTimeTokens: OneTimeTokenService
  readonly mail: MailService
  readonly links: LinkService
  readonly verification: VerificationService
}) {
  const { config, logger } = parts
  const { maxConcurrentHashes: concurrency, hashQueue, password: settings } = config.auth
  const hashes = new PasswordHashQueue({ concurrency, longest: hashQueue.max, deadline: hashQueue.deadline })
  const breaches = await openBreachLookup(settings, logger)
  const screening = createPasswordScreening({ config, breaches })
  const hashing = createPasswordHashing({ ...parts, settings, hashes, screening })
  const replacement = createPasswordReplacement({ ...parts, history: settings.history })
  const passwords = createPasswordService({ ...parts, hashing })
  return {
    hashes,
    breaches,
    passwords,
    passwordChange: createPasswordChangeService({ ...parts, passwords, hashing, replacement }),
    passwordReset: createPasswordResetService({ ...parts, hashing, replacement }),
  }
}
