import { z } from 'zod'
import type {
  Account,
  CallContext,
  GuestSignedIn,
  KeyInfo,
  Player,
  Readiness,
  SessionSummary,
  SignedIn,
  SignedInUser,
} from './api-answers.js'
import { clientOf, counted, named } from './api-context.js'
import { emailApi } from './api-email.js'
import { invitationsApi } from './api-invitations.js'
import { passwordApi } from './api-password.js'
import type { Api, GuestsApi, LockoutSelection, LockoutsApi, MagicLinkApi, UsersApi } from './api-types.js'
import type { ClientContext } from './contract/identity.js'
import { isPermitted } from './contract/permission.js'
import { SallyportError } from './contract/sallyport-error.js'
import type { AdminService } from './features/admin/admin-service.js'
import type { BypassService } from './features/bypass/bypass-service.js'
import { bypassLoginInput, bypassPersona } from './features/bypass/bypass-types.js'
import type { GuestService } from './features/guests/guest-service.js'
import { createGuestInput, type Guest, type GuestSession, upgradeInput } from './features/guests/guest-types.js'
import type { HealthService } from './features/health/health-service.js'
import type { InvitationService } from './features/invitations/invitation-service.js'
import type { Keyring } from './features/keys/key-service.js'
import { jwksAnswer, type KeySummary } from './features/keys/key-types.js'
import type { LockoutService } from './features/lockouts/lockout-service.js'
import type { MagicLinkService } from './features/magic-link/magic-link-service.js'
import { magicLinkInput, magicLinkVerifyInput } from './features/magic-link/magic-link-types.js'
import type { PasswordChangeService } from './features/passwords/password-change-service.js'
import type { PasswordResetService } from './features/passwords/password-reset-service.js'
import type { PasswordService } from './features/passwords/password-service.js'
import { accountInput, loginInput, password, registerInput } from './features/passwords/password-types.js'
import type { RateLimitService } from './features/rate-limits/rate-limit-service.js'
import type { ReauthenticationService } from './features/reauthentication/reauthentication-service.js'
import { reauthenticateInput } from './features/reauthentication/reauthentication-types.js'
import type { SessionService } from './features/sessions/session-service.js'
import type { SessionRecord } from './features/sessions/session-types.js'
import type { TokenService } from './features/tokens/token-service.js'
import type { IssuedTokens } from './features/tokens/token-types.js'
import type { UserService } from './features/users/user-service.js'
import {
  emailInput,
  localeInput,
  type Profile,
  type User,
  type UserAnswer,
  usernameInput,
} from './features/users/user-types.js'
import type { VerificationService } from './features/verification/verification-service.js'
import { parseInput } from './http/validation.js'
import { DEFAULT_TENANT_ID } from './storage/default-tenant.js'
import { allTenants, oneTenant } from './storage/tenant-scope.js'

export function createApi(parts: {
  readonly passwords: PasswordService
  readonly invitations: InvitationService
  readonly passwordChange: PasswordChangeService
  readonly passwordReset: PasswordResetService
  readonly reauthentication: ReauthenticationService
  readonly verification: VerificationService
  readonly tokens: TokenService
  readonly sessions: SessionService
  readonly guests: GuestService
  readonly users: UserService
  readonly admin: AdminService
  readonly profile: Profile
  readonly limits: RateLimitService
  readonly keyring: Keyring
  readonly health: HealthService
  readonly lockouts: LockoutService
  readonly magicLink: { readonly service: MagicLinkService } | null
  readonly bypass: BypassService | null
}): Api {
  const { passwords, tokens, sessions, profile, limits, keyring, health, bypass } = parts
  const count = (client: ClientContext) => counted(limits, 'hashing', client)
  return {
    async register({ tenantId, ...input }, context) {
      const { tenant_id, ...registration } = parseInput(registerInput, { ...input, tenant_id: tenantId })
      const client = await count(clientOf(context))
      return signedIn(proved(await parts.invitations.register(registration, named(tenant_id, context), client)))
    },
    async login({ tenantId, ...input }, context) {
      const { tenant_id, remember = true, email, password } = parseInput(loginInput, { ...input, tenant_id: tenantId })
      const login = { email, password, remember }
      return signedIn(await passwords.login(login, named(tenant_id, context), await count(clientOf(context))))
    },
    async refresh({ refreshToken }, context) {
      const client = await counted(limits, 'refresh', clientOf(context))
      return signedIn(await tokens.refresh(String(refreshToken), context?.tenantId ?? null, client))
    },
    logout: ({ accessToken }, context) => tokens.logout(String(accessToken), clientOf(context)),
    async verify({ accessToken, roles = [], permissions = [], tenantId = null }, context) {
      const call = { client: clientOf(context) }
      const identity = await tokens.authenticate(String(accessToken), tenantId, call)
      const lacks =
        roles.some((role) => !identity.roles.includes(role)) ||
        permissions.some((permission) => !isPermitted(identity.permissions, permission))
      if (lacks) throw new SallyportError('forbidden')
      return identity
    },
    checkJwt: ({ accessToken }) => tokens.checkJwt(String(accessToken)),
    me: (identity) => profile.current(identity),
    async reauthenticate(identity, input, context) {
      const { password } = parseInput(reauthenticateInput, input)
      return parts.reauthentication.withPassword(identity, password, await count(clientOf(context)))
    },
    csrfToken: (identity) => tokens.csrfToken(identity),
    updateMe: async (identity, { username, locale }, context) =>
      profile.update(
        identity,
        {
          username: username === undefined ? undefined : parseInput(usernameInput, username),
          locale: locale === undefined ? undefined : parseInput(localeInput, locale),
        },
        clientOf(context),
      ),
    sessions: {
      async list(identity) {
        await profile.current(identity)
        const list = await sessions.list(identity)
        return list.map((session) => summaryOf(sessions, session, identity.sessionId))
      },
      revoke: (identity, id, context) => sessions.revoke(identity, id, clientOf(context)),
      revokeAll: (identity, options, context) =>
        sessions.revokeAll(identity, options?.except === 'current', clientOf(context)),
    },
    password: passwordApi(parts),
    guests: guestsApi(parts),
    users: usersApi(parts),
    invitations: invitationsApi(parts.invitations),
    lockouts: lockoutsApi(parts.lockouts),
    email: emailApi(parts),
    keys: {
      list: async () => (await keyring.list()).map(keyInfo),
      rotate: (purpose = 'signing') => keyring.rotate(purpose, null),
      publicKeys: async () => jwksAnswer.parse(await keyring.jwks()),
    },
    health: { ready: async () => readinessOf(await health.readiness()) },
    magicLink: parts.magicLink && magicLinkApi(parts.magicLink.service, limits),
    bypass: bypass && {
      async login({ tenantId, ...input } = {}, context) {
        const { tenant_id, ...asked } = parseInput(bypassLoginInput, { ...input, tenant_id: tenantId })
        return signedIn(await bypass.login(bypassPersona(asked), named(tenant_id, context), clientOf(context)))
      },
      developer: async (context) => userOf(await bypass.developer(named(undefined, context), clientOf(context))),
    },
  }
}

function guestsApi({
  guests,
  limits,
}: {
  readonly guests: GuestService
  readonly limits: RateLimitService
}): GuestsApi {
  const caller = (token: string, context: CallContext | undefined) =>
    guests.authenticate(String(token), context?.tenantId ?? null, { client: clientOf(context) })
  return {
    async create({ tenantId } = {}, context) {
      const { tenant_id } = parseInput(createGuestInput, { tenant_id: tenantId })
      const client = await counted(limits, 'guests', clientOf(context))
      return guestSignedIn(await guests.create(named(tenant_id, context), client))
    },
    async validate({ token }, context) {
      const { identity, createdAt, lastAccessed } = await guests.validate(await caller(token, context))
      const { sessionId, username, userId: playerUuid, expiresAt } = identity
      const times = { createdAt: new Date(createdAt), lastAccessed: new Date(lastAccessed) }
      return { identity, sessionId, username, playerUuid, expiresAt: new Date(expiresAt), ...times }
    },
    refresh: async ({ token }, context) =>
      guestSignedIn(await guests.refresh(await caller(token, context), clientOf(context))),
    end: async ({ token }, context) => guests.end(await caller(token, context), clientOf(context)),
    async upgrade({ token, ...input }, context) {
      const account = parseInput(upgradeInput, input)
      const identity = await caller(token, context)
      const client = await counted(limits, 'hashing', clientOf(context))
      return signedIn(proved(await guests.upgrade(identity, account, client)))
    },
    findById: async (playerUuid) => playerOf(await guests.find(allTenants(), { userId: playerUuid })),
    findByUsername: async ({ username, tenantId = DEFAULT_TENANT_ID }) =>
      playerOf(await guests.find(oneTenant(tenantId), { username })),
  }
}

/** A program calls: what a browser brings is the host application's to keep. */
function magicLinkApi(magicLinks: MagicLinkService, limits: RateLimitService): MagicLinkApi {
  return {
    async request({ tenantId, binding = null, ...input }, context) {
      const { tenant_id, email, remember = true } = parseInput(magicLinkInput, { ...input, tenant_id: tenantId })
      const client = await counted(limits, 'mail', clientOf(context))
      await magicLinks.request({ email, remember, binding }, named(tenant_id, context), client)
    },
    async verify({ tenantId, binding, ...input }, context) {
      const { tenant_id, token, remember } = parseInput(magicLinkVerifyInput, { ...input, tenant_id: tenantId })
      const client = await counted(limits, 'hashing', clientOf(context))
      const presented = { token, remember, isBrowser: false, bindings: binding === undefined ? [] : [binding] }
      return signedIn(await magicLinks.signIn(presented, named(tenant_id, context), client))
    },
  }
}

function lockoutsApi(lockouts: LockoutService): LockoutsApi {
  return {
    async list({ cursor = null, limit = 50, ...selection } = {}) {
      const { scope, filter } = selected(selection)
      const { items, nextCursor } = await lockouts.list(scope, filter, { cursor, limit: parseInput(z.int(), limit) })
      const dated = items.map(({ lockedUntil, ...rest }) => ({ ...rest, lockedUntil: new Date(lockedUntil) }))
      return { items: dated, nextCursor }
    },
    async clear(selection = {}) {
      const { scope, filter } = selected(selection)
      return lockouts.clear(scope, filter, { actorId: null, client: null })
    },
  }
}

function selected({ tenantId, email, address }: LockoutSelection) {
  if (email === undefined) {
    return { scope: tenantId === undefined ? allTenants() : oneTenant(tenantId), filter: { address } }
  }
  return { scope: oneTenant(tenantId ?? DEFAULT_TENANT_ID), filter: { address, email: parseInput(emailInput, email) } }
}

/** @throws SallyportError `email_not_verified`: the address must prove itself first */
function proved(issued: IssuedTokens | null): IssuedTokens {
  if (issued === null) throw new SallyportError('email_not_verified', { detail: 'A mail tells how to go on.' })
  return issued
}

function guestSignedIn({ sessionId, token, username, playerUuid, expiresAt }: GuestSession): GuestSignedIn {
  return { sessionId, token, username, playerUuid, expiresAt: new Date(expiresAt) }
}

function playerOf(guest: Guest | null): Player | null {
  return guest === null ? null : { ...guest, createdAt: new Date(guest.createdAt) }
}

function usersApi({
  passwords,
  passwordChange,
  passwordReset,
  users,
  sessions,
  admin,
}: {
  readonly passwords: PasswordService
  readonly passwordChange: PasswordChangeService
  readonly passwordReset: PasswordResetService
  readonly users: UserService
  readonly sessions: SessionService
  readonly admin: AdminService
}): UsersApi {
  /** The host application decides, and is nobody in particular. */
  const host = { actorId: null, client: null }
  return {
    async create({ tenantId, role, emailVerified = false, ...input }) {
      const { tenant_id, ...registration } = parseInput(accountInput, { ...input, tenant_id: tenantId })
      const user = await passwords.createAccount(registration, {
        tenant: { body: tenant_id, header: null },
        role: role ?? null,
        emailVerified,
      })
      return accountOf(user)
    },
    async list({ tenantId, cursor = null, limit = 50 } = {}) {
      const scope = tenantId === undefined ? allTenants() : oneTenant(tenantId)
      const page = { cursor, limit: parseInput(z.int(), limit) }
      const { items, nextCursor } = await users.list(scope, page)
      return { items: items.map(accountOf), nextCursor }
    },
    async find(id) {
      const user = await users.find(allTenants(), id)
      return user === null ? null : accountOf(user)
    },
    async findByEmail({ email, tenantId = DEFAULT_TENANT_ID }) {
      const user = await users.findForSignIn(oneTenant(tenantId), parseInput(emailInput, email))
      return user === null ? null : accountOf(user)
    },
    setPassword: (id, typed) => passwordChange.set(allTenants(), id, parseInput(password, typed)),
    sendPasswordReset: (id) => passwordReset.sendLink(allTenants(), id),
    disable: (id) => admin.setDisabled(allTenants(), id, true, host),
    enable: (id) => admin.setDisabled(allTenants(), id, false, host),
    async sessions(id) {
      const user = await users.find(allTenants(), id)
      if (user === null) throw new SallyportError('not_found', { detail: 'There is no such user.' })
      const list = await sessions.list({ tenantId: user.tenantId, userId: user.id })
      return list.map((session) => summaryOf(sessions, session, null))
    },
    endSessions: (id) => admin.endSessions(allTenants(), id, host),
  }
}

function signedIn({ accessToken, refreshToken, sessionId, answer }: IssuedTokens): SignedIn {
  const { user, session } = answer
  return {
    accessToken,
    refreshToken,
    sessionToken: session === undefined ? null : accessToken,
    tokenType: 'Bearer',
    expiresIn: answer.expires_in,
    expiresAt: new Date(answer.expires_at),
    userId: user.id,
    sessionId,
    user: userOf(user),
    session:
      session === undefined
        ? null
        : {
            id: session.id,
            ipAddress: session.ip_address,
            userAgent: session.user_agent,
            lastActivity: new Date(session.last_activity),
            expiresAt: new Date(session.expires_at),
            createdAt: new Date(session.created_at),
          },
  }
}

function userOf(user: UserAnswer): SignedInUser {
  return {
    id: user.id,
    email: user.email,
    username: user.username,
    emailVerified: user.email_verified,
    tenantId: user.tenant_id,
    roles: user.roles,
    permissions: user.permissions,
    isGuest: user.is_guest,
    createdAt: new Date(user.created_at),
  }
}

function summaryOf(sessions: SessionService, session: SessionRecord, currentId: string | null): SessionSummary {
  return {
    id: session.id,
    current: session.id === currentId,
    ipAddress: session.ipAddress,
    userAgent: session.userAgent,
    device: sessions.deviceName(session),
    authMethods: session.authMethods,
    expiresAt: new Date(sessions.expiresAt(session)),
    lastActivity: new Date(session.lastActivity),
    createdAt: new Date(session.createdAt),
  }
}

function accountOf(user: User): Account {
  return {
    id: user.id,
    tenantId: user.tenantId,
    email: user.email,
    username: user.username,
    emailVerified: user.emailVerified,
    disabledAt: dateOf(user.disabledAt),
    createdAt: new Date(user.createdAt),
  }
}

function keyInfo({ createdAt, activatedAt, retiredAt, expiresAt, ...rest }: KeySummary): KeyInfo {
  return {
    ...rest,
    createdAt: dateOf(createdAt),
    activatedAt: dateOf(activatedAt),
    retiredAt: dateOf(retiredAt),
    expiresAt: dateOf(expiresAt),
  }
}

function readinessOf({ status, checks }: Awaited<ReturnType<HealthService['readiness']>>): Readiness {
  const { signing_keys: signingKeys, ...rest } = checks
  return { status, checks: { ...rest, signingKeys } }
}

function dateOf(at: number | null): Date | null {
  return at === null ? null : new Date(at)
}
