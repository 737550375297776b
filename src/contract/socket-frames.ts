/** Why a connection was closed. 1012 is of RFC 6455's registry; the 4xxx codes are ours. */
export const SOCKET_CLOSE = {
  /** The server stops or starts again: connect anew, after a moment. */
  restart: 1012,
  /** The server cannot tell who it is just now: connect anew, after a moment. */
  tryAgain: 1013,
  badFrame: 4400,
  unauthenticated: 4401,
  revoked: 4403,
  authenticationTimeout: 4408,
  tooManyConnections: 4409,
  tooManyFrames: 4429,
} as const

/** The `user` of a frame, as in the token answer. */
export interface SocketUser {
  readonly id: string
  readonly email: string | null
  readonly username: string
  readonly email_verified: boolean
  readonly tenant_id: string
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly is_guest: boolean
  readonly created_at: string
}

/** Who a connection belongs to, and until when without a fresh token or further use. Times are RFC 3339. */
export interface SocketHolder {
  readonly user_id: string
  readonly session_id: string
  readonly expires_at: string
  readonly user: SocketUser
}

/**
 * What the server sends by itself; further frames are the application's. A client sends `authenticate` and `reauthenticate`
 * with `session_token`, and `ping`; whatever else has a `type` is the application's.
 */
export type ServerFrame =
  | ({ readonly type: 'auth_success' } & SocketHolder)
  | { readonly type: 'auth_error'; readonly code: string; readonly message: string }
  /** The account was changed, or a guest became one: identity and session from now on. */
  | ({ readonly type: 'user_updated' } & SocketHolder)
  | { readonly type: 'session_expiring'; readonly expires_at: string }
  | { readonly type: 'session_revoked'; readonly reason: string }
  /** The frame before was refused and the connection stays: it may be sent again. */
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  | { readonly type: 'pong' }
