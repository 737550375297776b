import type { ClientEvent, SessionState, SignedOut } from './client-types.js'
import type { StoredSession } from './storage-types.js'

/** What is held, and what the application is shown of it. */
export interface SessionBook {
  held(): StoredSession | null
  state(): SessionState
  /** Holds it, and shows it where it says whose it is. */
  hold(session: StoredSession): void
  clear(reason: SignedOut['reason']): void
  subscribe(listener: (state: SessionState) => void): () => void
  /** Hears of every other credential as well, and of the close. */
  follow(listener: () => void): () => void
  isClosed(): boolean
  close(): void
}

/** Tells one credential from the next: what is spent by an exchange, or with cookies when they came. */
export function markOf({ refreshToken, accessToken, receivedAt }: StoredSession): string {
  return refreshToken ?? accessToken ?? String(receivedAt)
}

export function createSessionBook(tell: (event: ClientEvent) => void): SessionBook {
  let held: StoredSession | null = null
  let state: SessionState = { status: 'loading' }
  let isClosed = false
  const followers = new Set<() => void>()

  function change(next: SessionState, session: StoredSession | null): void {
    held = session
    if (JSON.stringify(next) !== JSON.stringify(state)) state = next
    for (const follower of [...followers]) follower()
  }

  function follow(follower: () => void): () => void {
    followers.add(follower)
    return () => void followers.delete(follower)
  }

  return {
    held: () => held,
    state: () => state,
    hold(session) {
      const { user, session: details = null } = session
      if (!user) return change(state, session)
      const isSame = state.status === 'signed-in' && state.user.id === user.id
      const isOld = held && markOf(held) === markOf(session)
      change({ status: 'signed-in', user, session: details }, session)
      if (!isSame) tell({ type: 'signed-in', user })
      else if (!isOld) tell({ type: 'refreshed' })
    },
    clear(reason) {
      const before = state.status
      change(before === 'signed-out' ? state : { status: 'signed-out', reason }, null)
      if (before === 'signed-in') tell({ type: 'signed-out', reason })
    },
    subscribe(listener) {
      let last = state
      return follow(() => {
        if (state === last) return
        last = state
        guarded(() => listener(last))
      })
    },
    follow,
    isClosed: () => isClosed,
    close() {
      isClosed = true
      change(state, held)
    },
  }
}

/** Runs the application's code: what it throws is its own, and no reason to stop here. */
export function guarded(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
