/** A request of a fault run: when it was under way, and what is known of it. Order is told by numbers, never by clocks. */
export interface Act {
  /** Sent as `X-Request-Id`, so that its audit events can be found. */
  readonly id: string
  readonly kind: 'register' | 'login' | 'use' | 'refresh' | 'logout' | 'revoke' | 'revoke_all'
  /** Whose act it is meant to be. */
  readonly email: string
  readonly password: string | null
  /** The token that was presented. */
  readonly token: string | null
  /** The session that `revoke` names. */
  readonly target: string | null
  readonly start: number
  readonly end: number
  /** True where nothing else was under way: the answer shows what is left after a fault. */
  readonly settling: boolean
  /** `unknown`: cut off, or a 503 that cannot tell; it may have happened or not. */
  readonly outcome: 'ok' | 'fail' | 'unknown'
  /** Null where there was no whole answer. */
  readonly status: number | null
  readonly code: string | null
  readonly given: Given | null
}

/** Who an answer says that the caller is, with the tokens where it gave some. */
export interface Given {
  readonly email: string
  readonly userId: string
  readonly sessionId: string
  readonly access: string | null
  readonly refresh: string | null
}

/** All acts of a run, in the order in which they ended. */
export class History {
  readonly acts: Act[] = []
  #moment = 0

  /** The next moment: later than all before. */
  now(): number {
    return ++this.#moment
  }

  add(act: Act): Act {
    this.acts.push(act)
    return act
  }
}

/** What a run of faults came to. */
export interface Tally {
  readonly acts: number
  readonly acknowledged: number
  readonly refused: number
  readonly unknown: number
}

export function tally(acts: readonly Act[]): Tally {
  const count = (outcome: Act['outcome']) => acts.filter((act) => act.outcome === outcome).length
  return { acts: acts.length, acknowledged: count('ok'), refused: count('fail'), unknown: count('unknown') }
}
