import { createContext, createElement, type ReactElement, type ReactNode, useContext, useEffect, useState } from 'react'
import type { User } from '../../contract/api-types.js'
import type { Client } from '../client-types.js'
import { createSessionSource, type SessionSource } from './session-source.js'

/** What the provider takes. */
export interface SallyportProviderProps {
  /** Made once, outside the components: `createClient({ baseUrl: '/' })`. The provider does not close it. */
  readonly client: Client
  /**
   * Who is signed in by the cookies of the request that a server rendered this page for: the answer of `GET /auth/me`, or
   * null for nobody. It is shown until the client has asked by itself, so that the page comes complete and does not flash.
   */
  readonly initialUser?: User | null | undefined
  readonly children?: ReactNode
}

const SessionContext = createContext<SessionSource | null>(null)

/** Gives the components below it the session of a client. It renders nothing of its own, and never again by itself. */
export function SallyportProvider({ client, initialUser, children }: SallyportProviderProps): ReactElement {
  const [first, setFirst] = useState(() => createSessionSource(client, initialUser))
  // Whom the server saw is the first client's: another one asks by itself.
  const source = first.client === client ? first : createSessionSource(client, undefined)
  if (source !== first) setFirst(source)
  useEffect(() => {
    // Where the server cannot be asked, the state stays `loading` and the client asks again.
    client.session.ready().catch(() => undefined)
  }, [client])
  return createElement(SessionContext.Provider, { value: source }, children)
}

/** @throws Error where no provider is above */
export function useSessionSource(): SessionSource {
  const source = useContext(SessionContext)
  if (source === null)
    throw new Error('The hooks and components of sallyport/react need a <SallyportProvider> above them.')
  return source
}
