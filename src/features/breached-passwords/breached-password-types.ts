/** What came of looking a password up. */
export type BreachOutcome = 'known' | 'absent' | 'failed'

/** Passwords that are known from breaches. */
export interface BreachLookup {
  /** Never throws. @param password in NFC */
  find(password: string): Promise<BreachOutcome>
  /** How often each outcome came, since the start. */
  readonly counts: Readonly<Record<BreachOutcome, number>>
  close(): Promise<void>
}

/** Looks one password up; throws where it cannot be known. */
export interface BreachSource {
  isKnown(password: string): Promise<boolean>
  close(): Promise<void>
}
