import { z } from 'zod'
import type { ClientContext, Identity } from '../../contract/identity.js'
import { LOCALES, type Locale } from '../../contract/locale.js'
import { normaliseEmail } from './user-email.js'

export interface User {
  readonly id: string
  readonly tenantId: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly username: string
  readonly isGuest: boolean
  readonly credentialVersion: number
  readonly disabledAt: number | null
  readonly createdAt: number
  /** The language that the user is written to in; null where nobody has said. */
  readonly locale: Locale | null
}

/** What a sign-in reads: the user with the stored hash. Never leaves the sign-in. */
export interface UserWithPassword extends User {
  readonly passwordHash: string | null
}

export interface NewUser {
  /** Default: a new one. */
  readonly id?: string
  readonly email: string
  readonly username: string
  /** Null: no password signs in. */
  readonly passwordHash: string | null
  /** True where the address is proved already. Default: it is not. */
  readonly emailVerified?: boolean
  readonly locale?: Locale | null
}

/** Somebody without an account. */
export interface NewGuest {
  readonly id: string
  readonly username: string
}

/** An address as a caller types it, given on in its one spelling. */
export const emailInput = z
  .string()
  .transform((text, context) => {
    const email = normaliseEmail(text)
    if (email !== null) return email
    context.issues.push({ code: 'custom', message: 'expected one email address', input: text })
    return z.NEVER
  })
  .meta({ type: 'string', format: 'email', description: 'Case, Unicode form and IDN spelling do not matter.' })

/** What stands before the `@`, until its owner chooses a name. */
export function defaultUsername(email: string): string {
  return email.slice(0, email.lastIndexOf('@'))
}

/** A name to show. Not unique among accounts, and no credential. */
export const usernameInput = z
  .string()
  .transform((text) => text.normalize('NFC').trim())
  .refine((name) => /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(name), 'expected 1 to 64 printable characters')
  .meta({ type: 'string', description: '1 to 64 characters, shown to others; not unique.' })

/** The language to be written to in. */
export const localeInput = z.enum(LOCALES).nullable().meta({
  description: 'The language of messages to the user. Null: what the browser asks for, else what the server writes in.',
})

/** What users change of their own; what is absent stays. */
export interface ProfileChange {
  readonly username?: string | undefined
  readonly locale?: Locale | null | undefined
}

/** The user as the wire shows one. */
export const userAnswer = z
  .object({
    id: z.uuid(),
    email: z.string().nullable(),
    username: z.string(),
    email_verified: z.boolean(),
    tenant_id: z.uuid(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    is_guest: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'User', description: 'Whoever has signed in.' })

export type UserAnswer = z.output<typeof userAnswer>

/** The caller as the wire shows one. */
export const meAnswer = userAnswer
  .extend({
    session_id: z.uuid(),
    auth_methods: z.array(z.string()),
    auth_time: z.iso.datetime().meta({ description: 'When the caller last proved who they are.' }),
  })
  .meta({ id: 'Me' })

/** A caller's own profile, as the rooms above this one provide it. */
export interface Profile {
  /** The `user` of the token answer. */
  userAnswerOf(identity: Identity): UserAnswer
  /** The caller with what is known of the session. */
  meAnswerOf(identity: Identity): z.output<typeof meAnswer>
  /** The caller as the account stands now. @throws SallyportError `session_revoked` */
  current(identity: Identity): Promise<Identity>
  /**
   * The same of who holds an access token, at once; null where memory alone cannot say.
   * @throws SallyportError `forbidden` where `tenantHeader` names another tenant
   */
  recall(token: string, tenantHeader: string | null): Identity | null
  /**
   * Changes what is given, and returns the caller as they are afterwards.
   * @throws SallyportError `forbidden` (a guest), `not_found` (the account is gone)
   */
  update(identity: Identity, change: ProfileChange, client: ClientContext): Promise<Identity>
}
