import type { AuthMethod } from './identity.js'

/** What a JWT of Sallyport says (RFC 7519 §4.1, RFC 9068 §2.2). Times are seconds since the epoch unless they are text. */
export interface AccessClaims {
  readonly iss: string
  readonly aud: string
  /** The user. */
  readonly sub: string
  readonly user_id: string
  readonly tenant_id: string
  readonly email: string | null
  readonly email_verified: boolean
  readonly username: string
  readonly roles: readonly string[]
  readonly is_guest: boolean
  /** RFC 3339. */
  readonly user_created_at: string
  readonly auth_methods: readonly AuthMethod[]
  readonly auth_time: number
  /** The session. */
  readonly sid: string
  readonly jti: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
}
