import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { AuthMethod, ClientContext, Identity } from './contract/identity.js'
import { isPermitted } from './contract/permission.js'
import { SallyportError } from './contract/sallyport-error.js'
import type { AdminService } from './features/admin/admin-service.js'
import type { PasswordService } from './features/passwords/password-service.js'
import { loginInput, registerInput } from './features/passwords/password-types.js'
import type { RateLimitService } from './features/rate-limits/rate-limit-service.js'
import type { SessionService } from './features/sessions/session-service.js'
import type { SessionRecord } from './features/sessions/session-types.js'
import type { TokenService } from './features/tokens/token-service.js'
import type { IssuedTokens } from './features/tokens/token-types.js'
import type { UserService } from './features/users/user-service.js'
import type { Profile } from './features/users/user-types.js'
import { emailInput, type User, usernameInput } from './features/users/user-types.js'
import { parseInput } from './http/validation.js'
import { addressBucket } from './runtime/client-address.js'
import { knownUserAgent } from './runtime/user-agent.js'
import { DEFAULT_TENANT_ID } from './storage/default-tenant.js'
import { allTenants, oneTenant } from './storage/tenant-scope.js'

/** Who is calling, as the host application knows; all of it is optional. */
export interface CallContext {
  readonly ipAddress?: string | null
  readonly userAgent?: string | null
  readonly requestId?: string
  /** The tenant, where the input names none. */
  readonly tenantId?: string
}

/** A sign-in or refresh that succeeded. */
export interface SignedIn {
  readonly accessToken: string
  readonly refreshToken: string
  /** Stateful mode: equal to `accessToken`; else null. */
  readonly sessionToken: string | null
  readonly tokenType: 'Bearer'
  /** Seconds until the access token ends if it is not used. */
  readonly expiresIn: number
  readonly expiresAt: Date
  readonly userId: string
  /** The session that was opened or refreshed, in both modes. */
  readonly sessionId: string
  readonly user: SignedInUser
  /** Null in stateless mode, where the answer shows no session. */
  readonly session: SignedInSession | null
}

export interface SignedInSession {
  readonly id: string
  readonly ipAddress: string | null
  readonly userAgent: string | null
  readonly lastActivity: Date
  readonly expiresAt: Date
  readonly createdAt: Date
}

export interface SignedInUser {
  readonly id: string
  readonly email: string | null
  readonly username: string
  readonly emailVerified: boolean
  readonly tenantId: string
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly isGuest: boolean
  readonly createdAt: Date
}

export interface Account {
  readonly id: string
  readonly tenantId: string
  readonly email: string | null
  readonly username: string
  readonly emailVerified: boolean
  readonly disabledAt: Date | null
  readonly createdAt: Date
}

export interface SessionSummary {
  readonly id: string
  readonly current: boolean
  readonly ipAddress: string | null
  readonly userAgent: string | null
  /** What a person recognises, such as `Firefox on Windows`. */
  readonly device: string
  readonly authMethods: readonly AuthMethod[]
  /** When it ends if it is not used again. */
  readonly expiresAt: Date
  readonly lastActivity: Date
  readonly createdAt: Date
}

/** Every endpoint as a typed call, without HTTP. Refusals are thrown as `SallyportError` with the endpoint's codes. */
export interface Api {
  register(
    input: { email: string; password: string; username?: string; tenantId?: string },
    context?: CallContext,
  ): Promise<SignedIn>
  login(
    input: { email: string; password: string; tenantId?: string; remember?: boolean },
    context?: CallContext,
  ): Promise<SignedIn>
  refresh(input: { refreshToken: string }, context?: CallContext): Promise<SignedIn>
  logout(input: { accessToken: string }, context?: CallContext): Promise<void>
  /**
   * Who holds an access token, and that they have every role and permission named.
   * @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden`
   */
  verify(input: { accessToken: string; roles?: readonly string[]; permissions?: readonly string[] }): Promise<Identity>
  /** The caller as the account stands now. @throws SallyportError `session_revoked` */
  me(identity: Identity): Promise<Identity>
  /** What a cookie client sends back as `X-CSRF-Token`. */
  csrfToken(identity: Identity): Promise<string>
  /** Changes the caller's profile. The result is the identity as it is now. */
  updateMe(identity: Identity, input: { username?: string }, context?: CallContext): Promise<Identity>
  readonly sessions: {
    list(identity: Identity): Promise<readonly SessionSummary[]>
    /** @throws SallyportError `not_found` for what is not the caller's */
    revoke(identity: Identity, id: string, context?: CallContext): Promise<void>
    /** Returns how many ended. */
    revokeAll(identity: Identity, options?: { except?: 'current' }, context?: CallContext): Promise<number>
  }
  /** For the host application and the command line: nobody's permission is asked. */
  readonly users: {
    create(input: {
      email: string
      password: string
      username?: string
      tenantId?: string
      role?: string
    }): Promise<Account>
    /** Of one tenant, or of all where none is named. At most 200 a page. */
    list(page?: {
      tenantId?: string
      cursor?: string
      limit?: number
    }): Promise<{ readonly items: readonly Account[]; readonly nextCursor: string | null }>
    find(id: string): Promise<Account | null>
    /** Of the default tenant where none is named. */
    findByEmail(input: { email: string; tenantId?: string }): Promise<Account | null>
    disable(id: string): Promise<void>
    enable(id: string): Promise<void>
  }
}

export function createApi(parts: {
  readonly passwords: PasswordService
  readonly tokens: TokenService
  readonly sessions: SessionService
  readonly users: UserService
  readonly admin: AdminService
  readonly profile: Profile
  readonly limits: RateLimitService
}): Api {
  const { passwords, tokens, sessions, users, admin, profile, limits } = parts
  /** Counts what hashes, where the host application knows for whom. @throws SallyportError `rate_limited` */
  function count(client: ClientContext): ClientContext {
    const decision = client.ipAddress === null ? null : limits.consume('hashing', addressBucket(client.ipAddress))
    if (decision?.allowed === false) throw new SallyportError('rate_limited', { retryAfter: decision.resetSeconds })
    return client
  }
  const named = (tenantId: string | undefined, context: CallContext | undefined) => ({
    body: tenantId,
    header: context?.tenantId ?? null,
  })
  return {
    async register({ tenantId, ...input }, context) {
      const { tenant_id, ...registration } = parseInput(registerInput, { ...input, tenant_id: tenantId })
      return signedIn(await passwords.register(registration, named(tenant_id, context), count(clientOf(context))))
    },
    async login({ tenantId, ...input }, context) {
      const { tenant_id, remember = true, email, password } = parseInput(loginInput, { ...input, tenant_id: tenantId })
      const login = { email, password, remember }
      return signedIn(await passwords.login(login, named(tenant_id, context), count(clientOf(context))))
    },
    refresh: async ({ refreshToken }, context) =>
      signedIn(await tokens.refresh(String(refreshToken), context?.tenantId ?? null, clientOf(context))),
    logout: ({ accessToken }, context) => tokens.logout(String(accessToken), clientOf(context)),
    async verify({ accessToken, roles = [], permissions = [] }) {
      const identity = await tokens.authenticate(String(accessToken), null)
      const lacks =
        roles.some((role) => !identity.roles.includes(role)) ||
        permissions.some((permission) => !isPermitted(identity.permissions, permission))
      if (lacks) throw new SallyportError('forbidden')
      return identity
    },
    me: (identity) => profile.current(identity),
    csrfToken: (identity) => tokens.csrfToken(identity),
    async updateMe(identity, { username }, context) {
      return username === undefined
        ? identity
        : profile.rename(identity, parseInput(usernameInput, username), clientOf(context))
    },
    sessions: {
      async list(identity) {
        const list = await sessions.list(identity)
        return list.map((session) => summaryOf(sessions, session, identity.sessionId))
      },
      revoke: (identity, id, context) => sessions.revoke(identity, id, clientOf(context)),
      revokeAll: (identity, options, context) =>
        sessions.revokeAll(identity, options?.except === 'current', clientOf(context)),
    },
    users: {
      async create({ tenantId, role, ...input }) {
        const { tenant_id, ...registration } = parseInput(registerInput, { ...input, tenant_id: tenantId })
        const user = await passwords.createAccount(registration, {
          tenant: named(tenant_id, undefined),
          role: role ?? null,
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
      disable: (id) => admin.setDisabled(allTenants(), id, true, { actorId: null, client: null }),
      enable: (id) => admin.setDisabled(allTenants(), id, false, { actorId: null, client: null }),
    },
  }
}

function clientOf(context: CallContext | undefined): ClientContext {
  return {
    ipAddress: context?.ipAddress ?? null,
    userAgent: knownUserAgent(context?.userAgent),
    requestId: context?.requestId ?? randomUUID(),
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
    user: {
      id: user.id,
      email: user.email,
      username: user.username,
      emailVerified: user.email_verified,
      tenantId: user.tenant_id,
      roles: user.roles,
      permissions: user.permissions,
      isGuest: user.is_guest,
      createdAt: new Date(user.created_at),
    },
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

function summaryOf(sessions: SessionService, session: SessionRecord, currentId: string): SessionSummary {
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
    disabledAt: user.disabledAt === null ? null : new Date(user.disabledAt),
    createdAt: new Date(user.createdAt),
  }
}
