import type {
  Account,
  CallContext,
  GuestSignedIn,
  KeyInfo,
  PendingInvitation,
  Player,
  ProfileInput,
  PublicKey,
  Readiness,
  SessionSummary,
  SignedIn,
  SignedInUser,
  ValidGuest,
} from './api-answers.js'
import type { Identity } from './contract/identity.js'

/** Sessions without an account, and the names of those who have them. */
export interface GuestsApi {
  /** @throws SallyportError `not_found` (`auth.guests.enabled` is false), `invalid_request`, `rate_limited` (where `context` names an address) */
  create(input?: { readonly tenantId?: string }, context?: CallContext): Promise<GuestSignedIn>
  /**
   * That the token of a guest is genuine and its session is still wanted.
   * @throws SallyportError `invalid_token` (also for the token of somebody with an account), `token_expired`,
   *   `session_revoked`, `forbidden` (another tenant than `context` names)
   */
  validate(input: { readonly token: string }, context?: CallContext): Promise<ValidGuest>
  /** Extends the session by a new token; the one before stays good until its own end. @throws SallyportError as `validate` */
  refresh(input: { readonly token: string }, context?: CallContext): Promise<GuestSignedIn>
  /** Ends the session, frees the name and forgets the guest. @throws SallyportError as `validate` */
  end(input: { readonly token: string }, context?: CallContext): Promise<void>
  /**
   * Makes an account of the guest: id and name stay, the session is a new one, the guest's token is dead.
   * @throws SallyportError as `validate`; `invalid_request`, `email_taken` (nothing is changed), `weak_password`,
   *   `breached_password`, `forbidden` (registration is not open), `rate_limited` (where `context` names an address), `overloaded`
   */
  upgrade(
    input: { readonly token: string; readonly email: string; readonly password: string },
    context?: CallContext,
  ): Promise<SignedIn>
  /** The bearer of a `playerUuid` in any tenant, guest or upgraded; null once the guest is gone. */
  findById(playerUuid: string): Promise<Player | null>
  /** The bearer of a name that a guest was given, in the default tenant where none is named; null once it is free. */
  findByUsername(input: { readonly username: string; readonly tenantId?: string }): Promise<Player | null>
}

/** The sessions of whoever calls. */
export interface SessionsApi {
  /** Those that are not over, newest first, at most 200. @throws SallyportError `session_revoked` */
  list(identity: Identity): Promise<readonly SessionSummary[]>
  /**
   * Ends one of them, with everything that was issued for it.
   * @throws SallyportError `not_found` for anything that is not a live session of the caller's
   */
  revoke(identity: Identity, id: string, context?: CallContext): Promise<void>
  /**
   * Ends them all, or all but the one that asks.
   * @returns how many ended
   */
  revokeAll(identity: Identity, options?: { readonly except?: 'current' }, context?: CallContext): Promise<number>
}

/** Passwords of those who have an account. */
export interface PasswordApi {
  /**
   * Replaces the caller's password. Every other session ends; the caller's goes on with its tokens.
   * @throws SallyportError `invalid_request`, `invalid_credentials`, `weak_password`, `breached_password`, `forbidden`
   *   (a guest), `account_locked`, `conflict`, `rate_limited` (where `context` names an address), `overloaded`
   */
  change(
    identity: Identity,
    input: { readonly currentPassword: string; readonly newPassword: string },
    context?: CallContext,
  ): Promise<void>
  /**
   * Has a link sent that sets a new password, good for 15 minutes and once. Nothing tells whether the address has an
   * account.
   * @throws SallyportError `invalid_request`, `rate_limited` (where `context` names an address)
   */
  forgot(input: { readonly email: string; readonly tenantId?: string }, context?: CallContext): Promise<void>
  /**
   * Sets a new password with the token of such a link. Every session ends; nobody is signed in. A password that is
   * refused leaves the token good.
   * @throws SallyportError `invalid_request`, `invalid_token`, `token_expired`, `weak_password`, `breached_password`,
   *   `conflict`, `rate_limited` (where `context` names an address), `overloaded`
   */
  reset(input: { readonly token: string; readonly newPassword: string }, context?: CallContext): Promise<void>
}

/** For the host application: nobody's permission is asked, and nobody's limit is counted. */
export interface UsersApi {
  /**
   * Makes an account without signing it in.
   * @param input `role`: one of the built-in roles; default: what the tenant gives to who registers. `emailVerified`: you
   *   vouch for the address; default false, and then the owner is sent the verification mail where sign-in asks for it
   * @throws SallyportError `invalid_request` (also for an unknown tenant or role), `weak_password`,
   *   `breached_password`, `email_taken`, `overloaded`
   */
  create(input: {
    readonly email: string
    readonly password: string
    readonly username?: string
    readonly tenantId?: string
    readonly role?: string
    readonly emailVerified?: boolean
  }): Promise<Account>
  /**
   * Accounts of one tenant, or of all where none is named, oldest first.
   * @param page `limit`: 1 to 200, default 50; `cursor`: the `nextCursor` of the page before
   * @returns `nextCursor` is null on the last page
   * @throws SallyportError `invalid_request`
   */
  list(page?: {
    readonly tenantId?: string
    readonly cursor?: string
    readonly limit?: number
  }): Promise<{ readonly items: readonly Account[]; readonly nextCursor: string | null }>
  /** The account of that id in any tenant, or null. */
  find(id: string): Promise<Account | null>
  /**
   * The account of that address in a tenant, in the default one where none is named; or null.
   * @throws SallyportError `invalid_request` for what is no address
   */
  findByEmail(input: { readonly email: string; readonly tenantId?: string }): Promise<Account | null>
  /**
   * Keeps somebody out, and ends their sessions everywhere. Nothing happens where it is so already.
   * @throws SallyportError `not_found`
   */
  disable(id: string): Promise<void>
  /** Lets them in again; what was ended stays ended. @throws SallyportError `not_found` */
  enable(id: string): Promise<void>
  /**
   * Gives somebody a new password, and ends every session of theirs. They are told by mail.
   * @throws SallyportError `not_found`, `account_disabled`, `invalid_request`, `weak_password`, `breached_password`,
   *   `conflict`, `overloaded`
   */
  setPassword(id: string, password: string): Promise<void>
  /** Sends somebody a link that sets a new password. @throws SallyportError `not_found`, `account_disabled` */
  sendPasswordReset(id: string): Promise<void>
  /** The sessions of somebody that are not over, newest first, at most 200. @throws SallyportError `not_found` */
  sessions(id: string): Promise<readonly SessionSummary[]>
  /** Signs somebody out everywhere. @returns how many sessions ended @throws SallyportError `not_found` */
  endSessions(id: string): Promise<number>
}

/** The keys that tokens are made and checked with. */
/** An account, or an address, that is locked for now. */
export interface LockoutSummary {
  /** A digest of what was guessed at, which is not kept itself. */
  readonly id: string
  /** What was counted: an account as a whole, from one address, on one known device; or an address by itself. */
  readonly kind: 'identifier' | 'pair' | 'device' | 'address'
  /** Null for an address by itself. */
  readonly tenantId: string | null
  /** The account, where there is one. */
  readonly userId: string | null
  readonly email: string | null
  readonly address: string | null
  /** How many in a row there were, this one included. */
  readonly lockouts: number
  readonly lockedUntil: Date
}

/** Which lockouts are meant: all where nothing is named. An email is one of the default tenant unless another is named. */
export interface LockoutSelection {
  readonly tenantId?: string
  readonly email?: string
  readonly address?: string
}

/** For the host application and the command line: nobody's permission is asked. */
export interface LockoutsApi {
  /** What is locked now, in no particular order. At most 200 a page. */
  list(
    selection?: LockoutSelection & { readonly cursor?: string; readonly limit?: number },
  ): Promise<{ readonly items: readonly LockoutSummary[]; readonly nextCursor: string | null }>
  /** Forgets lockouts and the wrong guesses before them. Returns how many were locked. */
  clear(selection?: LockoutSelection): Promise<number>
}

/** Addresses, and what proves them. */
export interface EmailApi {
  /**
   * Takes the token of a mail: it proves the address of an account, or gives the account the address it was sent to.
   * @throws SallyportError `invalid_token`, `token_expired`, `email_taken` (somebody else has the new address by now), `rate_limited`
   */
  verify(input: { readonly token: string }, context?: CallContext): Promise<void>
  /** Sends a caller the verification mail once more, unless there is nothing to prove. @throws SallyportError `rate_limited` */
  resend(identity: Identity, context?: CallContext): Promise<void>
  /** The same for an address that somebody names; nothing tells whether it has an account. @throws SallyportError `invalid_request`, `rate_limited` */
  resendTo(input: { readonly email: string; readonly tenantId?: string }, context?: CallContext): Promise<void>
  /**
   * Has another address prove itself, which then takes the place of the caller's; nothing tells whether it has an account.
   * @throws SallyportError `reauthentication_required`, `invalid_request`, `forbidden` (a guest), `rate_limited`
   */
  change(identity: Identity, input: { readonly newEmail: string }, context?: CallContext): Promise<void>
  /**
   * Gives an account its former address back, by the token that was sent there when it changed; every session ends, and no
   * password signs in until a new one is set.
   * @throws SallyportError `invalid_token`, `token_expired`, `email_taken` (somebody has proved that address since),
   *   `rate_limited`
   */
  undoChange(input: { readonly token: string }, context?: CallContext): Promise<void>
}

/** The keys that sign tokens. For the host application and the command line: nobody's permission is asked. */
export interface KeysApi {
  list(): Promise<readonly KeyInfo[]>
  /**
   * Replaces a key now. What was made with the old one is honoured until it expires: nobody is signed out.
   * @param purpose default `signing`
   * @throws SallyportError `conflict` for signing keys that the configuration gives (`auth.jwt.secret`)
   */
  rotate(purpose?: 'signing' | 'session'): Promise<void>
  /** The key set that other services check JWTs with (RFC 7517 §5). Empty with HS256. */
  publicKeys(): Promise<{ readonly keys: readonly PublicKey[] }>
}

/** For the host application: accounts for those whom it wants, where `auth.registration` is `invite` or `open`. */
export interface InvitationsApi {
  /**
   * Sends an invitation; an earlier one of the same address in the tenant is over. `register` accepts it.
   * @param input `role`: one of the built-in roles, default: what the tenant gives to who registers; `expiresIn`: seconds,
   *   60 to 7,776,000, default seven days; `inviter`: a name for the mail
   * @throws SallyportError `forbidden` (registration is closed), `invalid_request` (also for an unknown tenant or role),
   *   `email_taken` (an account has proved the address)
   */
  create(input: {
    readonly email: string
    readonly role?: string
    readonly tenantId?: string
    readonly expiresIn?: number
    readonly inviter?: string
  }): Promise<PendingInvitation>
  /**
   * Those that can still be accepted, of one tenant or of all where none is named, oldest first.
   * @param page `limit`: 1 to 200, default 50; `cursor`: the `nextCursor` of the page before
   */
  list(page?: {
    readonly tenantId?: string
    readonly cursor?: string
    readonly limit?: number
  }): Promise<{ readonly items: readonly PendingInvitation[]; readonly nextCursor: string | null }>
  /** Ends one; its link is dead. @throws SallyportError `not_found` */
  revoke(id: string): Promise<void>
}

/** Signs in who reads the mail of an account. */
export interface MagicLinkApi {
  /**
   * Has a link sent where the address has an account that may sign in; nothing tells whether it has.
   * @param input `binding`: a secret of your own that you keep with the browser that asks, such as a cookie: then the
   *   link signs in beside it alone. Without it anybody who has the link does; `remember`: see `login`
   * @throws SallyportError `invalid_request`, `rate_limited` (where `context` names an address)
   */
  request(
    input: {
      readonly email: string
      readonly tenantId?: string
      readonly remember?: boolean
      readonly binding?: string
    },
    context?: CallContext,
  ): Promise<void>
  /**
   * Signs in with the token of a link, once. An address that was not proved is proved by it; password and sessions from
   * before are over then.
   * @throws SallyportError `invalid_token` (also where `binding` is another), `token_expired`, `account_locked`,
   *   `session_limit_reached`, `rate_limited` (where `context` names an address), `overloaded`
   */
  verify(
    input: {
      readonly token: string
      readonly tenantId?: string
      readonly remember?: boolean
      readonly binding?: string
    },
    context?: CallContext,
  ): Promise<SignedIn>
}

/** Signs anybody in, for development: what the three endpoints of bypass mode do. */
export interface BypassApi {
  /**
   * Signs somebody in without a proof, and makes the account where there is none, without a password.
   * @param input the account of `email`; with `username` alone that name at `localhost`; with neither `dev@localhost`.
   *   An existing account keeps its username
   * @throws SallyportError `invalid_request`, `account_disabled`, `session_limit_reached`, `overloaded`
   */
  login(
    input?: { readonly email?: string; readonly username?: string; readonly tenantId?: string },
    context?: CallContext,
  ): Promise<SignedIn>
  /** Who calls that has no token: the account of `dev@localhost`, made where there is none. @throws SallyportError `invalid_request` */
  developer(context?: CallContext): Promise<SignedInUser>
}

/**
 * Every endpoint as a typed call, without HTTP. A refusal is a `SallyportError` with the code of the endpoint. Beyond
 * the codes listed, any call throws `unavailable` while the database is gone.
 */
export interface Api {
  /**
   * Makes an account with its tenant's default role, and signs it in; with an invitation, with the address, tenant and
   * role of that.
   * @param input `invitation`: its token, from the mail; then `email` may be left out, and no other one is taken
   * @throws SallyportError `forbidden` (registration is not open), `invalid_request`, `weak_password`,
   *   `breached_password`, `email_taken`, `rate_limited` (where `context` names an address), `overloaded`; with an
   *   invitation `invalid_token`, `token_expired`, `account_disabled`
   */
  register(
    input: {
      readonly email?: string
      readonly invitation?: string
      readonly password: string
      readonly username?: string
      readonly tenantId?: string
    },
    context?: CallContext,
  ): Promise<SignedIn>
  /**
   * Signs in with a password. An unknown account and a wrong password are the same answer for the same work.
   * @param input `remember: false` caps the refresh token's life at `session.ttl`
   * @throws SallyportError `invalid_request`, `invalid_credentials`, `account_disabled`, `account_locked`,
   *   `session_limit_reached`,
   *   `rate_limited` (where `context` names an address), `overloaded`
   */
  login(
    input: {
      readonly email: string
      readonly password: string
      readonly tenantId?: string
      readonly remember?: boolean
    },
    context?: CallContext,
  ): Promise<SignedIn>
  /**
   * Exchanges a refresh token for the next pair. The same token again within `auth.refresh.reuse_grace` (10s) gives the
   * session's current pair; later it ends the session, since a copy of it may be in other hands (RFC 9700 §4.14.2).
   * @throws SallyportError `invalid_token`, `token_expired`, `token_reused`, `session_revoked`, `forbidden` (another
   *   tenant than `context` names), `overloaded`
   */
  refresh(input: { readonly refreshToken: string }, context?: CallContext): Promise<SignedIn>
  /** Ends the session of an access token, expired or not, and its refresh tokens. For any other text nothing happens. */
  logout(input: { readonly accessToken: string }, context?: CallContext): Promise<void>
  /**
   * Who holds an access token, and that they have every role and permission named: `GET /auth/verify`.
   * @param input `permissions` are of the form `resource:action`; `tenantId`: the only tenant that will do
   * @param context needed where `auth.session.binding` asks for the address or the user agent
   * @throws SallyportError `invalid_token`, `token_expired`, `session_revoked`, `forbidden`, `reauthentication_required`
   */
  verify(
    input: {
      readonly accessToken: string
      readonly roles?: readonly string[]
      readonly permissions?: readonly string[]
      readonly tenantId?: string
    },
    context?: CallContext,
  ): Promise<Identity>
  /**
   * That a JWT was issued here and is in time: signature, issuer, audience, times. Whether its session was ended is
   * not asked; `verify` asks.
   * @throws SallyportError `invalid_token`, `token_expired`
   */
  checkJwt(input: { readonly accessToken: string }): Promise<void>
  /** The caller as the account stands now, where a JWT tells what was so at its issue. @throws SallyportError `session_revoked` */
  me(identity: Identity): Promise<Identity>
  /**
   * Renews `authTime` of the caller's session: what endangers an account asks for a recent authentication.
   * @throws SallyportError `invalid_credentials`, `account_locked`, `rate_limited`, `overloaded`, `forbidden` (a guest), `session_revoked`
   */
  reauthenticate(identity: Identity, input: { readonly password: string }, context?: CallContext): Promise<Identity>
  /** What a client with cookies sends back as `X-CSRF-Token` with every write, as long as its session lives. */
  csrfToken(identity: Identity): Promise<string>
  /**
   * Changes the caller's profile; what is not given stays.
   * @returns the identity as it is now
   * @throws SallyportError `invalid_request`, `not_found` (the account is gone)
   */
  updateMe(identity: Identity, input: ProfileInput, context?: CallContext): Promise<Identity>
  readonly sessions: SessionsApi
  readonly password: PasswordApi
  readonly guests: GuestsApi
  readonly users: UsersApi
  readonly invitations: InvitationsApi
  readonly lockouts: LockoutsApi
  readonly email: EmailApi
  readonly keys: KeysApi
  readonly health: {
    /** Whether this instance can do its work, each part by itself. Asked of the parts at most once a second. */
    ready(): Promise<Readiness>
  }
  /** Null unless `auth.magicLink` is true. */
  readonly magicLink: MagicLinkApi | null
  /** Null in every mode but `bypass`. */
  readonly bypass: BypassApi | null
}
