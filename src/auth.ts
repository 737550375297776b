import { randomBytes } from 'node:crypto'
import { createApi } from './api.js'
import type { Auth, Composition, Surroundings } from './auth-types.js'
import { type Config, type ConfigInput, parseConfig } from './config/config.js'
import { configWarnings, warnOfBypass } from './config/config-warnings.js'
import { MasterKey } from './crypto/master-key.js'
import type { MailTransport } from './delivery/mail-message.js'
import { createMailTransport } from './delivery/mail-transport.js'
import { createAccessService } from './features/access/access-service.js'
import { createAdminService } from './features/admin/admin-service.js'
import { createAuditService } from './features/audit/audit-service.js'
import { createBypassService } from './features/bypass/bypass-service.js'
import { createGuestService } from './features/guests/guest-service.js'
import { createHealthService } from './features/health/health-service.js'
import { createInvitationService } from './features/invitations/invitation-service.js'
import { openKeyring } from './features/keys/key-service.js'
import { createLinkService } from './features/links/link-service.js'
import { createLockoutService } from './features/lockouts/lockout-service.js'
import { createMagicLinkService } from './features/magic-link/magic-link-service.js'
import { createMailService } from './features/mail/mail-service.js'
import { mailSettings } from './features/mail/mail-settings.js'
import { MetricActs } from './features/metrics/metric-acts.js'
import { createMetricService } from './features/metrics/metric-service.js'
import { createOneTimeTokenService } from './features/one-time-tokens/one-time-token-service.js'
import { openPasswordRoom } from './features/passwords/password-room.js'
import { createRateLimitService } from './features/rate-limits/rate-limit-service.js'
import { createReauthenticationService } from './features/reauthentication/reauthentication-service.js'
import { changesOf, feedOf } from './features/revocation/revocation-events.js'
import { publishRevocations } from './features/revocation/revocation-publication.js'
import { createRevocationService } from './features/revocation/revocation-service.js'
import { createSessionBinding } from './features/sessions/session-binding.js'
import { createSessionService, sessionLifetimes } from './features/sessions/session-service.js'
import { createNewDeviceNotice, createSignInService } from './features/sign-in/sign-in-service.js'
import { createTenantService } from './features/tenants/tenant-service.js'
import { meAnswerOf, userAnswerOf } from './features/tokens/token-identity.js'
import { createTokenService, longestJwt, readAccessClaims, tokenSettings } from './features/tokens/token-service.js'
import { createProfileUpdate } from './features/users/user-profile-service.js'
import { createUserService } from './features/users/user-service.js'
import type { Profile } from './features/users/user-types.js'
import { createVerificationService } from './features/verification/verification-service.js'
import { createCookieJar } from './http/cookies.js'
import { requireDirectRequest } from './http/direct-requests.js'
import { createHost } from './http/host.js'
import type { HttpDependencies } from './http/http-app-types.js'
import { createRequestAuthentication } from './http/identification.js'
import { createHttpApps } from './http/listeners.js'
import { RequestDurations } from './http/request-durations.js'
import { createCleanUp } from './jobs/clean-up.js'
import { type Job, repeat } from './jobs/repeat.js'
import { masterSecret } from './master-secret.js'
import { allDoors, allRoutes, allShortcuts } from './routes.js'
import { type Clock, systemClock } from './runtime/clock.js'
import { type Logger, silentLogger } from './runtime/logger.js'
import { composeSockets } from './sockets.js'
import { openStorage } from './storage/open-storage.js'
import { openRedis, type Redis } from './storage/redis/open-redis.js'
import type { Storage } from './storage/storage.js'

export type { Auth, Composition, Surroundings } from './auth-types.js'

/**
 * Opens the database (made and migrated where needed) and composes the library.
 * @param input the schema of the YAML file in camelCase; every key has a default. Neither file nor environment is read,
 *   save `NODE_ENV`
 * @param surroundings a logger; without one nothing is logged. And what takes messages, instead of `mail.url`
 * @throws ConfigError for a value that is not legal; SallyportError `unavailable` when the database is not there
 */
export async function createAuth(input: ConfigInput = {}, surroundings: Surroundings = {}): Promise<Auth> {
  const config = parseConfig(input)
  warnOfBypass(config)
  const { auth } = await composeAuth(config, surroundings)
  return auth
}

/** Wires stores, services and routes together: the only place that does. */
export async function composeAuth(config: Config, surroundings: Surroundings = {}): Promise<Composition> {
  const { logger = silentLogger, clock = systemClock } = surroundings
  const { mailTransport = createMailTransport(config.mail, config.dataDir) } = surroundings
  for (const { key, message } of configWarnings(config)) logger.warn({ key }, message)
  const masterKey = new MasterKey(masterSecret(config, logger))
  const storage = await openStorage({ ...config.storage, production: config.production, logger, clock })
  let redis: Redis | null = null
  try {
    const { url } = config.redis
    redis = url === null ? null : await openRedis({ url, name: masterKey.checkValue.slice(0, 16), logger })
    return await compose({ config, logger, clock, masterKey, storage, redis, mailTransport })
  } catch (error) {
    await redis?.close()
    await storage.close()
    throw error
  }
}

/** How long a sign-in waits for others at the same account, in milliseconds. */
const ATTEMPT_PATIENCE = 10_000
/** Until a sign-in that was never decided counts as wrong, in milliseconds, where hashes wait for no longer than usual. */
const ATTEMPT_TIME = 60_000
/** What a sign-in takes beside waiting for its hashes, at most, in milliseconds. */
const ATTEMPT_WORK = 30_000
/** How often the age of the keys is looked at, in milliseconds. */
const KEY_ROTATION_PERIOD = 60_000

interface Foundation {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly masterKey: MasterKey
  readonly storage: Storage
  readonly redis: Redis | null
  readonly mailTransport: MailTransport
}

async function compose({
  config,
  logger,
  clock,
  masterKey,
  storage,
  redis,
  mailTransport,
}: Foundation): Promise<Composition> {
  const audit = createAuditService({ storage, clock, logger })
  const mail = createMailService({
    ...{ storage, clock, logger, audit, masterKey },
    transport: mailTransport,
    settings: mailSettings(config),
  })
  const lifetimes = sessionLifetimes(config)
  const { jwt } = config.auth
  const keyring = await openKeyring({
    storage,
    audit,
    masterKey,
    clock,
    settings: {
      algorithm: jwt.algorithm,
      secrets: jwt.secret,
      rotation: jwt.rotation,
      tokenLifetime: { session: lifetimes.absolute, signing: longestJwt(config) },
    },
  })
  const access = createAccessService(storage, clock)
  const tenants = createTenantService(storage)
  const users = createUserService(storage, clock)
  const links = createLinkService(config)
  const oneTimeTokens = createOneTimeTokenService({ storage, clock })
  const revocations = createRevocationService({
    storage,
    ...(redis && { hints: redis.hints }),
    clock,
    logger,
    settings: { horizon: lifetimes.jwt, maxStaleness: config.auth.revocation.maxStaleness },
    onKeyChange: () => void keyring.check().catch(() => undefined),
  })
  audit.beforeCommit(feedOf(revocations))
  audit.subscribe((events) => revocations.applyOwn(changesOf(events)))
  const feed = redis?.openFeed(tokenSettings(config).issuer)
  const publication = feed && publishRevocations({ revocations, feed, storage, roles: access.rolesColumn(), logger })
  const shared = redis && { entries: redis.entries, masterKey }
  const { maxSessionsPerUser, onLimit, binding: kind } = config.auth.session
  const sessions = createSessionService({
    storage,
    clock,
    audit,
    access,
    revocations,
    lifetimes,
    limit: { max: maxSessionsPerUser, onLimit },
    binding: createSessionBinding({ kind, key: masterKey.keyFor('session binding'), audit, clock, logger }),
    shared,
  })
  audit.subscribe((events) => sessions.bury(changesOf(events)))
  // No request is answered before this node knows what the others have ended.
  await revocations.start()
  if (redis !== null && revocations.generation() === null) await revocations.renewGeneration()
  const acts = new MetricActs(clock)
  const tokens = createTokenService({
    sessions,
    keyring,
    revocations,
    clock,
    onRefresh: (outcome) => acts.noteRefresh(outcome),
    settings: tokenSettings(config),
  })
  const { hashQueue } = config.auth
  const lockouts = createLockoutService({
    storage,
    clock,
    audit,
    masterKey,
    settings: {
      maxAttempts: config.auth.session.maxLoginAttempts,
      duration: config.auth.session.lockoutDuration,
      address: config.limits.enabled ? config.limits.failures : null,
      patience: Math.max(ATTEMPT_PATIENCE, hashQueue.deadline),
      // It may wait for several: to check the password, to compare a new one with those before, and to hash that.
      undecided: Math.max(ATTEMPT_TIME, (2 + config.auth.password.history) * hashQueue.deadline + ATTEMPT_WORK),
    },
  })
  const notice = createNewDeviceNotice({ isOn: config.auth.notices.newDevice, users, mail, clock })
  const signIn = createSignInService({ users, access, sessions, tokens, keyring, lockouts, oneTimeTokens, notice })
  const verification = createVerificationService({
    ...{ clock, audit, tenants, users, lockouts, sessions, tokens, mail, links, oneTimeTokens },
    mode: config.auth.emailVerification,
  })
  const { hashes, breaches, ...passwordServices } = await openPasswordRoom({
    ...{ config, storage, clock, logger, audit, tenants, users, sessions },
    ...{ signIn, lockouts, oneTimeTokens, mail, links, verification },
  })
  const { passwords } = passwordServices
  const reauthentication = createReauthenticationService({ passwords, sessions, tokens })
  const isBypass = config.auth.mode === 'bypass'
  const bypass = isBypass ? createBypassService({ tenants, users, access, audit, signIn }) : null
  const mailed = { config, tenants, users, access, audit, mail, links, oneTimeTokens, lockouts, signIn }
  const invitations = createInvitationService({ ...mailed, passwords })
  const magicLinks = createMagicLinkService(mailed)
  const admin = createAdminService({ users, sessions, audit })
  const guests = createGuestService({
    ...{ storage, clock, audit, tenants, users, access, keyring, sessions, tokens, signIn, passwords, verification },
    enabled: config.auth.guests.enabled,
  })
  audit.beforeCommit(guests.follow)
  const { enabled: isLimited, failures: _, mailTarget: __, ...limitSettings } = config.limits
  const limits = createRateLimitService({
    limits: isLimited ? limitSettings : null,
    clock,
    shared: redis && { counters: redis.counters, mac: masterKey.macFor('limits') },
  })

  const holder = randomBytes(8).toString('hex')
  const admit = isBypass ? requireDirectRequest : undefined
  const webSockets = composeSockets({
    ...{ config, storage, clock, logger, tokens, revocations, bypass, admit },
    nodeId: holder,
  })
  const interval = config.auth.session.cleanupInterval
  const removeBatch = async () => {
    const guestRows = await guests.cleanUp()
    const swept = await sessions.cleanUp()
    const removed =
      guestRows +
      swept.removed +
      (await revocations.cleanUp(storage.db)) +
      (await lockouts.cleanUp()) +
      (await oneTimeTokens.cleanUp()) +
      (await mail.cleanUp()) +
      (await webSockets.service.cleanUp(storage.db))
    return { removed, isThrough: swept.isThrough && removed === 0 }
  }
  const finish = async () => {
    if (redis !== null) await revocations.renewGeneration()
  }
  const cleanUp = createCleanUp({ storage, clock, holder, interval, removeBatch, finish })
  const health = createHealthService(
    {
      database: () => storage.check(),
      cache: redis && (() => redis.check()),
      signing_keys: () => keyring.check(),
      cleanup: () => cleanUp.check(),
    },
    clock,
    logger,
  )

  const durations = new RequestDurations()
  const metrics = createMetricService({
    storage,
    clock,
    audit,
    sessions,
    holder,
    acts,
    counted: {
      requests: durations,
      hashes,
      breaches,
      feed: revocations,
      limits,
      mail,
      webSockets: webSockets.service.count,
    },
  })
  const hasAdminPort = config.server.adminPort !== null
  const metricAccess = { token: config.metrics.token, localOnly: config.production && !hasAdminPort }

  const jar = createCookieJar(config)
  const profile: Profile = {
    userAnswerOf,
    meAnswerOf,
    update: createProfileUpdate({ users, audit }),
    current: tokens.upToDate,
    recall(token, tenantHeader) {
      const identity = tokens.recall(token, tenantHeader)
      return identity && tokens.upToDateAtOnce(identity)
    },
  }
  const shownMetrics = config.metrics.enabled ? { service: metrics, access: metricAccess } : null
  const services = {
    ...passwordServices,
    invitations,
    tokens,
    profile,
    sessions,
    guests,
    health,
    keyring,
    bypass,
    magicLink: config.auth.magicLink ? { service: magicLinks, cookieName: jar.magicLinkName } : null,
    reauthentication,
    verification,
    metrics: shownMetrics,
    pagesLeadTo: config.auth.links.continue,
  }
  const dependencies: HttpDependencies = {
    routes: allRoutes(services),
    doors: allDoors(services, jar.accessName),
    shortcuts: allShortcuts(services, jar.accessName),
    config,
    logger,
    clock,
    ...(admit && { admit }),
    authenticate({ token }, call, tenantHeader, fresh) {
      const identity = tokens.authenticate(token, tenantHeader, call)
      return fresh ? identity.then((found) => tokens.current(found)) : identity
    },
    recall: ({ token }, tenantHeader) => tokens.recall(token, tenantHeader),
    renew: (credential, identity, request) => tokens.renew(credential, identity, request),
    assertRecent: (identity) => tokens.assertRecent(identity),
    csrf: { verify: (identity, token) => tokens.verifyCsrfToken(identity, token) },
    limits,
    durations,
  }
  const { app, adminApp } = createHttpApps(dependencies, hasAdminPort)

  const jobs: readonly Job[] = [
    repeat('activity', sessions.flushPeriod, () => sessions.flushActivity(), logger),
    repeat('revocations', revocations.period, () => revocations.sync(), logger),
    repeat('key_rotation', KEY_ROTATION_PERIOD, () => keyring.rotateIfDue(), logger),
    repeat('clean_up', interval, () => cleanUp.run(), logger),
    ...(clock.controlled ? [] : [repeat('mail', mail.period, () => mail.poll(), logger)]),
    ...webSockets.jobs,
  ]
  for (const job of jobs) job.start()

  const auth: Auth = {
    handler: (request, connection) => app.fetch(request, connection),
    api: createApi({ ...services, users, admin, limits, lockouts }),
    authenticate: createRequestAuthentication(dependencies),
    host: createHost(dependencies, app, readAccessClaims),
    sockets: webSockets.sockets,
    metrics: () => metrics.read(),
    async close() {
      hashes.close()
      await webSockets.service.close()
      for (const job of jobs) await job.stop()
      await mail.close()
      try {
        await sessions.flushActivity(true)
      } catch (error) {
        // What is lost is a little of when sessions were last used, which their expiry allows for.
        logger.warn({ cause: messageOf(error) }, 'the last activity could not be written')
      } finally {
        await revocations.close()
        await publication?.close()
        await breaches?.close()
        await redis?.close()
        await storage.close()
      }
    },
  }
  return {
    auth,
    app,
    adminApp,
    config,
    storage,
    keyring,
    links,
    sessions,
    tokens,
    health,
    cleanUp: () => cleanUp.run(),
    flush: () => sessions.flushActivity(true),
    sync: () => revocations.sync(),
    sendMail: () => mail.drain(),
    round: () => webSockets.service.round(),
    drainSockets: () => webSockets.service.drain(),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
