import { z } from 'zod'

interface PurposeRule {
  /** A new one ends those before it, so that the mail that came last is the one that counts. */
  readonly isAlone: boolean
  /** It proves the address that the account has, and ends where the account gets another. */
  readonly ofOwnAddress: boolean
  /** There may be nobody yet whom it concerns. For other purposes a token of nobody is a decoy, which opens nothing. */
  readonly withoutUser: boolean
}

/** What a one-time token is good for: for nothing else is it taken. */
const PURPOSES = {
  password_reset: { isAlone: true, ofOwnAddress: true, withoutUser: false },
  // Anybody can ask for these two in somebody's name: that must not end what the owner is about to use.
  email_verification: { isAlone: false, ofOwnAddress: true, withoutUser: false },
  magic_link: { isAlone: false, ofOwnAddress: true, withoutUser: false },
  // Who asks for these two again ends the earlier one beforehand: what becomes of it must not tell a decoy.
  email_change: { isAlone: false, ofOwnAddress: false, withoutUser: false },
  // Holds the account that a guest is to have, password hash and all: the guest has none before.
  guest_upgrade: { isAlone: false, ofOwnAddress: false, withoutUser: false },
  email_undo: { isAlone: false, ofOwnAddress: false, withoutUser: false },
  invitation: { isAlone: true, ofOwnAddress: false, withoutUser: true },
} as const satisfies Record<string, PurposeRule>

export type Purpose = keyof typeof PURPOSES

export function ruleOf(purpose: Purpose): PurposeRule {
  return PURPOSES[purpose]
}

/**
 * What stays where everything else ends that somebody was sent, and where another one of it is spent: a thief of the
 * account must not get rid of it.
 */
export const OUTLIVING: readonly Purpose[] = ['email_undo']

/** What a token is made for. */
export interface TokenRequest {
  readonly purpose: Purpose
  /** Whom it concerns. Null: nobody yet (`invitation`), else a decoy. */
  readonly userId: string | null
  /** The address it is sent to, in its one spelling. */
  readonly email: string
  /** What comes back with it, and no caller can change. */
  readonly data?: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly lifetime: number
  /** Of the credentials that it replaces or stands for: it ends where the account moves on. Default: it does not. */
  readonly credentialVersion?: number
}

/** Shown to nobody but the owner of the address. Times are the database's, in milliseconds since the epoch. */
export interface IssuedToken {
  readonly id: string
  readonly token: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** A token as it is kept, without anything that would let its reader use it. */
export interface KeptToken {
  readonly id: string
  readonly tenantId: string
  readonly userId: string | null
  readonly email: string
  readonly data: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly expiresAt: number
}

/** A one-time token as a caller sends it. What is no such token is told as one that is not known: 401 and not 400. */
export const oneTimeTokenInput = z
  .string()
  .min(1)
  .max(4096)
  .meta({ format: 'password', description: 'From the link in the mail: `spt_` and 43 characters.' })
