import type { Identity } from '../../src/contract/identity.js'

/** When an act began and ended: in turns, and by the database's clock. Node clocks differ from that by a constant. */
export interface Timed {
  /** The id of its request, as the audit log has it. */
  readonly requestId: string
  readonly node: number
  /** The turn at which the process that did it was started. */
  readonly born: number
  readonly began: number
  readonly ended: number
  readonly beganAt: number
  readonly endedAt: number
}

export type Outcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'refused'; readonly code: string }
  /** The process was killed: it may have happened or not. */
  | { readonly kind: 'lost' }

/** A session that somebody was given tokens of. */
export interface Held {
  readonly id: string
  readonly userId: string
  readonly tokens: Tokens[]
}

export interface Tokens {
  readonly counter: number
  readonly access: string
  readonly refresh: string
}

export interface Attempt<Result> extends Timed {
  readonly session: Held
  /** Of the pair that was presented. */
  readonly counter: number
  readonly outcome: Outcome<Result>
}

export interface Ending extends Timed {
  /** Null for every session of the user. */
  readonly sessionId: string | null
  readonly userId: string
  readonly outcome: Outcome<unknown>
}

export interface AccountChange extends Timed {
  readonly userId: string
  readonly value: string
  readonly outcome: Outcome<unknown>
}

/** What everybody was answered, and what the database holds in the end. */
export class History {
  readonly sessions: Held[] = []
  readonly authentications: Attempt<Identity>[] = []
  readonly refreshes: Attempt<Tokens>[] = []
  readonly endings: Ending[] = []
  readonly grants: AccountChange[] = []
  readonly renames: AccountChange[] = []
  /** Errors that are no answer of Sallyport's. */
  readonly broken: string[] = []
  readonly rows = new Map<string, { readonly counter: number; readonly revokedAt: number | null }>()
  /** The requests that changed something: what was so already was answered to somebody else first. */
  readonly effective = new Set<string>()
  turns = 0
}
