import { useMemo, useSyncExternalStore } from 'react'
import type { User } from '../../contract/api-types.js'
import type { Client, SessionState } from '../client-types.js'
import { useSessionSource } from './session-provider.js'
import { createSnapshot } from './session-source.js'

/**
 * The session as it is now: `loading`, `signed-in` with `user` and `session`, or `signed-out` with the reason.
 * @param select takes out what the component shows; the component renders again only where that is another value
 * @example
 * const session = useSession()
 * const isAdmin = useSession((state) => state.status === 'signed-in' && state.user.roles.includes('admin'))
 */
export function useSession(): SessionState
export function useSession<Value>(select: (state: SessionState) => Value): Value
export function useSession(select: (state: SessionState) => unknown = whole): unknown {
  return useSelected(select, Object.is)
}

/** The user who is signed in, else null. The same object until something about the user changes. */
export function useUser(): User | null {
  return useSelected(userOf, isSameJson)
}

/** The client of the provider: `login`, `logout`, `call`, `fetch` and the rest. */
export function useClient(): Client {
  return useSessionSource().client
}

function useSelected<Value>(
  select: (state: SessionState) => Value,
  isSame: (left: Value, right: Value) => boolean,
): Value {
  const source = useSessionSource()
  const [snapshot, initial] = useMemo(
    () => [createSnapshot(source.read, select, isSame), createSnapshot(source.readInitial, select, isSame)],
    [source, select, isSame],
  )
  return useSyncExternalStore(source.subscribe, snapshot, initial)
}

const whole = (state: SessionState) => state
const userOf = (state: SessionState) => (state.status === 'signed-in' ? state.user : null)
// Every refresh brings the user anew, mostly as before.
const isSameJson = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right)
