import type { Config } from '../../src/config/config.js'
import { createAccessService } from '../../src/features/access/access-service.js'
import { createAdminService } from '../../src/features/admin/admin-service.js'
import { createAuditService } from '../../src/features/audit/audit-service.js'
import type { Keyring } from '../../src/features/keys/key-service.js'
import { createOneTimeTokenService } from '../../src/features/one-time-tokens/one-time-token-service.js'
import { changesOf, feedOf } from '../../src/features/revocation/revocation-events.js'
import { createRevocationService } from '../../src/features/revocation/revocation-service.js'
import { createSessionService, sessionLifetimes } from '../../src/features/sessions/session-service.js'
import { createSignInService } from '../../src/features/sign-in/sign-in-service.js'
import { createTokenService, tokenSettings } from '../../src/features/tokens/token-service.js'
import { createUserService } from '../../src/features/users/user-service.js'
import type { Clock } from '../../src/runtime/clock.js'
import { silentLogger } from '../../src/runtime/logger.js'
import type { Storage } from '../../src/storage/storage.js'

export type Node = ReturnType<typeof composeNode>

/** The production services of one process, wired as `auth.ts` does it. */
export function composeNode(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly config: Config
  readonly keyring: Keyring
  readonly cacheBytes: number
}) {
  const { storage, clock, config, keyring, cacheBytes } = parts
  const lifetimes = sessionLifetimes(config)
  const devices = { recognise: () => null, renew: () => '' }
  const audit = createAuditService({ storage, clock, logger: silentLogger })
  const access = createAccessService(storage, clock)
  const users = createUserService(storage, clock)
  const revocations = createRevocationService({
    storage,
    clock,
    logger: silentLogger,
    settings: { horizon: lifetimes.jwt, maxStaleness: config.auth.revocation.maxStaleness },
    onKeyChange: () => undefined,
  })
  audit.beforeCommit(feedOf(revocations))
  audit.subscribe((events) => revocations.applyOwn(changesOf(events)))
  const sessions = createSessionService({ storage, clock, audit, access, revocations, lifetimes, cacheBytes })
  const tokens = createTokenService({
    sessions,
    keyring,
    revocations,
    clock,
    settings: tokenSettings(config),
  })
  const oneTimeTokens = createOneTimeTokenService({ storage, clock })
  const lockouts = { devices }
  const signIn = createSignInService({
    users,
    access,
    sessions,
    tokens,
    keyring,
    lockouts,
    oneTimeTokens,
    notice: { tell: async () => undefined },
  })
  const admin = createAdminService({ users, sessions, audit })
  return { audit, access, users, revocations, sessions, tokens, signIn, admin }
}
