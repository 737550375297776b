import { z } from 'zod'
import type { AuthMethod } from '../../contract/identity.js'

/** How a pair ended: when it was spent, and whether its access token had ended before by idleness. */
export interface Spend {
  readonly at: number
  readonly wasIdle: boolean
}

/** One signed-in browser or device: the refresh family, the device list's entry, what a revocation ends. */
export interface SessionRecord {
  readonly id: string
  readonly tenantId: string
  readonly userId: string
  /** 32 bytes in base64: a Buffer takes several times as much memory. */
  readonly salt: string
  readonly keyId: number
  readonly counter: number
  /** How the last few pairs were spent, in order; the last one is pair `counter - 1`. */
  readonly spends: readonly Spend[]
  readonly credentialVersion: number
  readonly remember: boolean
  readonly authMethods: readonly AuthMethod[]
  readonly authTime: number
  readonly ipAddress: string | null
  readonly userAgent: string | null
  readonly createdAt: number
  readonly lastActivity: number
  /** When the current pair was issued. */
  readonly refreshedAt: number
  readonly refreshExpiresAt: number
  readonly absoluteExpiresAt: number
  readonly revokedAt: number | null
}

/** What decides when a session ends by itself. */
export type SessionTimes = Pick<
  SessionRecord,
  'authMethods' | 'lastActivity' | 'refreshedAt' | 'refreshExpiresAt' | 'absoluteExpiresAt'
>

/** Whose session it is, as the account stands now. */
export interface SessionHolder {
  readonly email: string | null
  readonly emailVerified: boolean
  readonly username: string
  readonly isGuest: boolean
  readonly createdAt: number
  readonly credentialVersion: number
  readonly disabledAt: number | null
  readonly roles: readonly string[]
  /** What the roles permit together. */
  readonly permissions: readonly string[]
}

/** A session as the database gave it, with the database's time of that moment. */
export interface FoundSession {
  readonly session: SessionRecord
  readonly holder: SessionHolder
  readonly now: number
  /** Where in the feed of changes it was read: every change below has been seen. */
  readonly floor: number
}

/** A found session with what it takes to tell whether it still may be believed. */
export interface HeldSession {
  readonly found: FoundSession
  /** By this node's clock, milliseconds. */
  readonly readAt: number
  /** What of the feed had been applied when the read began, or when all that it could have missed was known. */
  readonly position: number
}

/** Why a session ended, as the audit log names it. */
export const REVOCATION_REASONS = [
  'logout',
  'user_request',
  'refresh_reuse',
  'session_limit',
  'account_disabled',
  'administrator',
  'guest_upgraded',
  'address_proved',
  'address_restored',
  'password_changed',
  'password_reset',
] as const

export type RevocationReason = (typeof REVOCATION_REASONS)[number]

/** What came of opening a session. It is refused where the account moved on after its credentials were checked. */
export type Opening =
  | { readonly sessionId: string }
  | { readonly refused: 'invalid_credentials' | 'session_limit_reached' }

/** Where a session stands, whatever token asks. */
export type SessionState = 'live' | 'revoked' | 'expired'

/** A session in the list of its owner. */
export const sessionItem = z
  .object({
    id: z.uuid(),
    current: z.boolean(),
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    device: z.string(),
    last_activity: z.iso.datetime(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    auth_methods: z.array(z.string()),
  })
  .meta({ id: 'SessionItem' })

/** A session as the token answer shows it. */
export const sessionAnswer = z
  .object({
    id: z.uuid(),
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    last_activity: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Session', description: 'The session of whoever has signed in.' })
