/** One refusal that the API can answer with. `title` is the public summary, `action` tells the caller what to do. */
export interface ErrorDefinition {
  readonly status: number
  readonly title: string
  readonly action: string
}

/**
 * Every error code of the public contract, with its HTTP status (RFC 9110) and what a caller does about it.
 * `docs/errors.md` is generated from this list; a code, once published, keeps its name and status.
 */
export const ERROR_CODES = {
  invalid_request: {
    status: 400,
    title: 'The request is malformed',
    action: 'Correct the fields listed in `errors`, or the syntax named in `detail`, and send it again.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    action: 'Send the body as `application/json` in UTF-8, without a content encoding.',
  },
  payload_too_large: { status: 413, title: 'The request is too large', action: 'Send a smaller body.' },
  not_found: {
    status: 404,
    title: 'Nothing is here',
    action: 'Check the path and the id; what belongs to somebody else is reported as absent.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    action: 'Use one of the methods in the `Allow` header.',
  },
  invalid_credentials: {
    status: 401,
    title: 'The credentials are wrong',
    action: 'Check the identifier and the password; the answer is the same for an unknown account.',
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication is needed',
    action: 'Sign in, and send the access token as `Authorization: Bearer` or as the session cookie.',
  },
  invalid_token: {
    status: 401,
    title: 'The token is not valid',
    action: 'Sign in again; the token was never issued here, or is of another kind.',
  },
  token_expired: {
    status: 401,
    title: 'The token has expired',
    action: 'Refresh it, or sign in again when it is the refresh token that expired.',
  },
  token_reused: {
    status: 401,
    title: 'The refresh token was used before',
    action: 'Sign in again; every token of this session was ended, since a copy of it may be in other hands.',
  },
  session_revoked: { status: 401, title: 'The session was ended', action: 'Sign in again.' },
  mfa_required: {
    status: 401,
    title: 'A second factor is needed',
    action: 'Finish the sign-in with `mfa_ticket` and one of `methods`.',
  },
  invalid_mfa_code: { status: 401, title: 'The code is wrong', action: 'Enter a fresh code.' },
  reauthentication_required: {
    status: 401,
    title: 'A recent authentication is needed',
    action: 'Authenticate again with `POST /auth/reauthenticate`, then repeat the request.',
  },
  forbidden: {
    status: 403,
    title: 'This is not permitted',
    action: 'Ask an administrator for the role or permission that `detail` names.',
  },
  csrf_rejected: {
    status: 403,
    title: 'The request may come from another site',
    action:
      'Send it from an allowed origin, and with `X-CSRF-Token` from `GET /auth/csrf` where a cookie authenticates it.',
  },
  email_not_verified: {
    status: 403,
    title: 'The email address is not verified',
    action: 'Follow the link in the verification mail, or ask for another.',
  },
  account_disabled: { status: 403, title: 'The account is disabled', action: 'Ask an administrator.' },
  account_locked: { status: 423, title: 'Too many attempts', action: 'Wait for the seconds in `Retry-After`.' },
  rate_limited: { status: 429, title: 'Too many requests', action: 'Wait for the seconds in `Retry-After`.' },
  email_taken: { status: 409, title: 'The email address has an account', action: 'Sign in, or reset the password.' },
  conflict: {
    status: 409,
    title: 'The request conflicts with the present state',
    action: 'Read the present state and decide again.',
  },
  session_limit_reached: { status: 409, title: 'Too many sessions', action: 'End another session first.' },
  weak_password: { status: 422, title: 'The password is not acceptable', action: 'Choose another, as `detail` says.' },
  breached_password: { status: 422, title: 'The password is known from a breach', action: 'Choose another.' },
  overloaded: { status: 503, title: 'The server is busy', action: 'Try again after the seconds in `Retry-After`.' },
  unavailable: { status: 503, title: 'A part the server needs is not available', action: 'Try again later.' },
  internal: { status: 500, title: 'An unexpected error', action: 'Report it with the `request_id`.' },
} as const satisfies Record<string, ErrorDefinition>

/** A code of the catalogue, such as `invalid_credentials`: `docs/errors.md` says what a caller does about each. */
export type ErrorCode = keyof typeof ERROR_CODES

/** One field that was refused. `path` is dotted, in the names of the wire (`session.ttl`, `email`). */
export interface FieldError {
  readonly path: string
  readonly message: string
}
