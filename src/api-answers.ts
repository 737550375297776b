import type { AuthMethod, Identity } from './contract/identity.js'
import type { Locale } from './contract/locale.js'

/** Who is calling, as the host application knows; all of it is optional. */
export interface CallContext {
  /** Where the caller connects from: for limits, the list of devices and the audit log. */
  readonly ipAddress?: string | null
  /** The `User-Agent` header of the caller's request. */
  readonly userAgent?: string | null
  /** The `Accept-Language` header of the caller's request: the language of messages to who has not said theirs. */
  readonly acceptLanguage?: string | null
  /** Your own id of the request, for logs and audit. Default: a new one. */
  readonly requestId?: string
  /** The tenant, where the input names none; what `X-Tenant-ID` is over HTTP. */
  readonly tenantId?: string
}

/** What callers change of their own; what is absent stays. */
export interface ProfileInput {
  readonly username?: string
  /** The language of messages to the user; null: what their browser asks for, else `mail.locale`. */
  readonly locale?: Locale | null
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

/** The session that a sign-in has opened, or a refresh has gone on with. */
export interface SignedInSession {
  readonly id: string
  readonly ipAddress: string | null
  readonly userAgent: string | null
  readonly lastActivity: Date
  /** When it ends if it is not used again. */
  readonly expiresAt: Date
  readonly createdAt: Date
}

/** Whoever has signed in. */
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

/** An account as the host application and administrators see it. */
export interface Account {
  readonly id: string
  readonly tenantId: string
  readonly email: string | null
  readonly username: string
  readonly emailVerified: boolean
  /** Null for an account that may sign in. */
  readonly disabledAt: Date | null
  readonly createdAt: Date
}

/** A session in the list of its owner. */
export interface SessionSummary {
  readonly id: string
  /** True for the session of the identity that asks. */
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

/** An invitation that can still be accepted. Its token is in the mail alone. */
export interface PendingInvitation {
  readonly id: string
  readonly tenantId: string
  readonly email: string
  readonly role: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** A key as an administrator sees it; never the key itself. */
export interface KeyInfo {
  /** Null for a secret of the configuration, which the database does not hold. */
  readonly id: number | null
  /** What stands in the header of a JWT; null for a session key. */
  readonly kid: string | null
  /** `signing`: JWTs; `session`: opaque access tokens and all refresh tokens. */
  readonly purpose: 'session' | 'signing'
  readonly algorithm: string
  readonly status: 'next' | 'active' | 'retired'
  /** What is issued now is made with it. */
  readonly inUse: boolean
  readonly createdAt: Date | null
  readonly activatedAt: Date | null
  readonly retiredAt: Date | null
  /** Of a retired key: when the last token made with it has expired. */
  readonly expiresAt: Date | null
}

/** A public key as `/.well-known/jwks.json` shows it (RFC 7517 §4). */
export interface PublicKey {
  readonly kty: string
  readonly kid: string
  readonly [parameter: string]: unknown
}

/** `disabled`: not configured, so nothing can be wrong with it. */
export type CheckStatus = 'ok' | 'failing' | 'disabled'

/** What `GET /health/ready` answers. */
export interface Readiness {
  readonly status: 'ready' | 'not_ready'
  readonly checks: {
    readonly database: CheckStatus
    /** Its loss makes the node slower, and not unready. */
    readonly cache: CheckStatus
    readonly signingKeys: CheckStatus
    readonly cleanup: CheckStatus
  }
}

/** A guest's session, and its token. */
export interface GuestSignedIn {
  readonly sessionId: string
  /** A JWT in both modes: good wherever an access token is. */
  readonly token: string
  /** Such as `brave-otter-42`. */
  readonly username: string
  /** The user id. */
  readonly playerUuid: string
  /** When the token ends. */
  readonly expiresAt: Date
}

/** A guest's session that both its token and its record vouch for. */
export interface ValidGuest extends Omit<GuestSignedIn, 'token'> {
  readonly identity: Identity
  readonly createdAt: Date
  /** This validation counts as a use. */
  readonly lastAccessed: Date
}

/** Who bears a name that a guest was given. */
export interface Player {
  /** The user id. */
  readonly playerUuid: string
  readonly tenantId: string
  readonly username: string
  /** False where the guest has got an account since. */
  readonly isGuest: boolean
  readonly createdAt: Date
}
