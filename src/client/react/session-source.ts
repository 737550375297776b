import type { User } from '../../contract/api-types.js'
import type { Client, SessionState } from '../client-types.js'

/** What the hooks read: the session of a client, and what is shown until the client knows it. */
export interface SessionSource {
  readonly client: Client
  readonly subscribe: (listener: () => void) => () => void
  readonly read: () => SessionState
  /** As the server rendered it. */
  readonly readInitial: () => SessionState
}

/** @param initialUser null: nobody is signed in; undefined: the server did not look */
export function createSessionSource(client: Client, initialUser: User | null | undefined): SessionSource {
  const initial = initialState(initialUser)
  return {
    client,
    subscribe: (listener) => client.session.subscribe(() => listener()),
    // What the server knew is shown until the client knows better: no flash of `loading` after the page came.
    read() {
      const current = client.session.current()
      return current.status === 'loading' ? initial : current
    },
    readInitial: () => initial,
  }
}

function initialState(user: User | null | undefined): SessionState {
  if (user === undefined) return { status: 'loading' }
  return user === null ? { status: 'signed-out', reason: null } : { status: 'signed-in', user, session: null }
}

/**
 * A snapshot for React: the same value for the same state, and the value before where the new one is no other by `isSame`.
 * React renders again wherever a snapshot is another object.
 */
export function createSnapshot<Value>(
  read: () => SessionState,
  select: (state: SessionState) => Value,
  isSame: (left: Value, right: Value) => boolean,
): () => Value {
  let last: { readonly state: SessionState; readonly value: Value } | null = null
  return () => {
    const state = read()
    if (last?.state === state) return last.value
    const selected = select(state)
    const value = last !== null && isSame(last.value, selected) ? last.value : selected
    last = { state, value }
    return value
  }
}
