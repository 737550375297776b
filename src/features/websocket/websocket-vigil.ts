/** What one connection is looked after by, at every round. */
export interface Vigil {
  /** When its end is to be warned of, or is there: milliseconds by the database's clock. */
  dueAt: number
  /** How long before the end it is warned, milliseconds. */
  lead: number
  isWarned: boolean
  /** When the account is to be looked at again, since the database did not answer; the database's clock. */
  reviewAt: number
  /** True while the database is asked whether it may go on. */
  isAsking: boolean
  /** Rounds until it has to have authenticated, and after that until it is to have shown a sign of life. */
  roundsLeft: number
  /** Bytes that had come in when it was last looked at. */
  bytesSeen: number
  isPinged: boolean
}

/** @param rounds until it has to have authenticated */
export function newVigil(rounds: number): Vigil {
  return {
    dueAt: Number.POSITIVE_INFINITY,
    lead: 0,
    reviewAt: Number.POSITIVE_INFINITY,
    isWarned: false,
    isAsking: false,
    roundsLeft: rounds,
    bytesSeen: 0,
    isPinged: false,
  }
}
