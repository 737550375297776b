import type { Locale } from './locale.js'

/** How somebody proved who they are, as in the `amr` values of RFC 8176 where one exists. */
export const AUTH_METHODS = [
  'password',
  'passkey',
  'totp',
  'email',
  'sms',
  'oauth',
  'magic_link',
  'recovery_code',
  'guest',
  /** Nothing was proved: for development, and honoured in bypass mode alone. */
  'bypass',
] as const

/** A way in which somebody has proved who they are. */
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** False for what bypass opened: whatever else was proved later, it began with nothing. */
export function isProven(methods: readonly AuthMethod[]): boolean {
  return !methods.includes('bypass')
}

/** Who is calling, as `authenticate` found it. Times are milliseconds since the epoch. */
export interface Identity {
  readonly userId: string
  readonly tenantId: string
  readonly sessionId: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly username: string
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly isGuest: boolean
  /** When the account was made. */
  readonly createdAt: number
  readonly authMethods: readonly AuthMethod[]
  /** When the holder last proved who they are. */
  readonly authTime: number
  /** When the access token ends if it is not used again. */
  readonly expiresAt: number
  /** How the access token was checked: an opaque one was looked up, a JWT carried these facts since its issue. */
  readonly tokenFormat: 'opaque' | 'jwt'
}

/** A credential as it came in. A header wins over a cookie, and there is no falling back (contract §1). */
export interface Credential {
  readonly token: string
  readonly source: 'header' | 'cookie'
}

/** What is known about a caller before anything is believed: shown in device lists, logs and audit. */
export interface ClientContext {
  readonly ipAddress: string | null
  readonly userAgent: string | null
  readonly requestId: string
  /** The cookie of a browser that signed in before, as it came. */
  readonly deviceCookie?: string | null
  /** Aborted once nobody waits for the answer any more. */
  readonly gone?: AbortSignal
  /** The language that the caller's program asks for, where it is one that people are written to in. */
  readonly locale?: Locale | null
}

/** A call of which only some ask where it came from: working that out may wait until somebody does. */
export interface CallOrigin {
  readonly client: ClientContext
}
