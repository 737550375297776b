import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import type { Tables } from '../../storage/tables.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { BucketKind } from './lockout-bucket.js'

/** Whose secret is about to be guessed at. */
export interface AttemptedAccount {
  /** What the caller named, in its one spelling, whether or not an account has it: an address, or `user:<id>`. */
  readonly identifier: string
  readonly user: { readonly id: string; readonly credentialVersion: number } | null
  readonly client: ClientContext
}

/** One attempt under way. Where neither is called it does not count. */
export interface Attempt {
  /**
   * The secret was wrong: counts, and locks where that was the last, in one transaction with what `write` records of
   * the refusal. Where that cannot be written it stays undecided, which counts as wrong in the end.
   */
  fail(write: (tx: Transaction<Tables>, record: RecordEvent) => Promise<void>): Promise<void>
  /**
   * The caller is signed in: forgets the wrong guesses before, except those of other addresses and other devices.
   * Not before every factor was given, or one known factor would buy guesses at the next. Last in its transaction,
   * and that the last step of the attempt: what fails after its commit would give the attempt back once more.
   */
  succeed(tx: Transaction<Tables>): Promise<void>
}

/** Calls `work` when its turn comes. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

/** A lockout as an administrator sees it. */
export interface Lockout {
  /** A keyed digest; the same for as long as somebody guesses at the same. */
  readonly id: string
  readonly kind: BucketKind
  /** Null for an address, which is counted over all tenants. */
  readonly tenantId: string | null
  /** The account, where there is one: nothing else of the identifier is kept. */
  readonly userId: string | null
  readonly email: string | null
  readonly address: string | null
  /** How many in a row there were, this one included. */
  readonly lockouts: number
  readonly lockedUntil: number
}

/** Which lockouts are meant; all of the scope's where nothing is named. */
export interface LockoutFilter {
  readonly email?: string | undefined
  readonly address?: string | undefined
}
