import type { ErrorCode } from '../contract/error-codes.js'
import type { SallyportError } from '../contract/sallyport-error.js'

/**
 * What is wrong with the token that was sent. Codes that are not about a token have no entry: RFC 6750 §3.1 gives
 * no error to a request without one. `insufficient_user_authentication` is RFC 9470 §3.
 */
const TOKEN_ERRORS: Partial<Record<ErrorCode, string>> = {
  invalid_token: 'invalid_token',
  token_expired: 'invalid_token',
  token_reused: 'invalid_token',
  session_revoked: 'invalid_token',
  reauthentication_required: 'insufficient_user_authentication',
}

/** The `WWW-Authenticate` value of a 401: every one needs it (RFC 9110 §15.5.2). */
export function challenge(error: SallyportError): string {
  const tokenError = TOKEN_ERRORS[error.code]
  const realm = 'Bearer realm="sallyport"'
  if (!tokenError) return realm
  const maxAge = error.maxAge === undefined ? '' : `, max_age="${error.maxAge}"`
  return `${realm}, error="${tokenError}", error_description="${quotable(error.detail)}"${maxAge}`
}

// RFC 6750 §3 allows %x20-21 / %x23-5B / %x5D-7E in error_description.
function quotable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, "'")
}
