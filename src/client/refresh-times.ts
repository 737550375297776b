import { SallyportClientError } from './client-error.js'
import type { StoredSession } from './storage-types.js'
import type { Surroundings } from './surroundings.js'

/** When tokens are exchanged ahead of their end, and when they are not since that has just failed. */
export interface RefreshTimes {
  /** True where little is left of it, by its age: no clock is compared with the server's. */
  isDue(session: StoredSession): boolean
  /** True where nothing is left of it. */
  isOver(session: StoredSession): boolean
  /** Sets the timer for when it becomes due. */
  plan(session: StoredSession): void
  stop(): void
  succeeded(): void
  /** Waits before it is tried again, longer each time. */
  failed(error: unknown): void
  /** @throws the failure before, where it is too early to try again */
  assertOpen(): void
  /** Forgets failures of the network: it may be another one. */
  open(): void
}

/** Milliseconds ahead of the end, or a quarter of the life where that is less. */
const LEAD = 60_000
/** Milliseconds that an answer may be on its way. */
const SLACK = 2_000
/** Seconds that callers are spared another try of what has just failed. */
const REST = 2
/** Milliseconds between exchanges that nobody asks for, however short a token's life is. */
const LEAST_WAIT = 1_000
const FIRST_PAUSE = 4_000
const LONGEST_PAUSE = 300_000
/** Milliseconds that a clock may go back by without anything being wrong. */
const JITTER = 60_000

export function createRefreshTimes(surroundings: Surroundings, isAutomatic: boolean, tick: () => void): RefreshTimes {
  let cancel: (() => void) | null = null
  let failures = 0
  let failure: { readonly error: unknown; readonly at: number; readonly asked: number | undefined } | null = null

  const leadOf = (lifetime: number) => Math.min(LEAD, lifetime / 4)

  function isLeft({ receivedAt, lifetime }: StoredSession, margin: number): boolean {
    if (lifetime === null) return true
    const age = surroundings.now() - receivedAt
    // A clock that was set back says nothing about the age any more.
    return age > -JITTER && age < lifetime - margin
  }

  function after(milliseconds: number): void {
    cancel?.()
    if (isAutomatic) cancel = surroundings.later(milliseconds, tick)
  }

  return {
    isDue: (session) => !isLeft(session, leadOf(session.lifetime ?? 0)),
    isOver: (session) => !isLeft(session, Math.min(SLACK, leadOf(session.lifetime ?? 0))),
    plan({ receivedAt, lifetime }) {
      if (lifetime === null) return
      const age = Math.max(0, surroundings.now() - receivedAt)
      // A little earlier or later in each tab, so that they do not all come at once.
      const wait = lifetime - age - leadOf(lifetime) * (1 - surroundings.random() / 4)
      after(Math.max(LEAST_WAIT, wait))
    },
    stop() {
      cancel?.()
      cancel = null
    },
    succeeded() {
      failures = 0
      failure = null
    },
    failed(error) {
      const asked = error instanceof SallyportClientError ? error.retryAfter : undefined
      failure = { error, at: surroundings.now(), asked }
      const pause = (0.5 + surroundings.random() / 2) * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures++)
      after(Math.max((asked ?? 0) * 1000, pause))
    },
    assertOpen() {
      if (!failure) return
      const since = surroundings.now() - failure.at
      if (since >= 0 && since < (failure.asked ?? REST) * 1000) throw failure.error
    },
    open() {
      if (failure?.asked === undefined) failure = null
    },
  }
}
