// Components that note what they show, rendered by a server and taken over in the browser.
import { createElement as h, type ReactElement, StrictMode } from 'react'
import type { Client, User } from '../../src/client/index.js'
import { SallyportProvider, SignedIn, SignedOut, useClient, useSession, useUser } from '../../src/client/react/index.js'

type Component = 'name' | 'status' | 'roles'

/** What each component has rendered, in order. */
export const rendered: Record<Component, string[]> = { name: [], status: [], roles: [] }

function note(component: Component, value: string): ReactElement {
  rendered[component].push(value)
  return h('p', { id: component }, value)
}
const Name = () => note('name', useUser()?.username ?? 'nobody')
const Status = () =>
  note(
    'status',
    useSession((state) => state.status),
  )
// A fresh object every time: dearer than need be, and no loop.
const Roles = () =>
  note('roles', useSession((state) => (state.status === 'signed-in' ? [...state.user.roles] : [])).join())
const Out = () => {
  const client = useClient()
  return h('button', { id: 'out', type: 'button', onClick: () => client.logout() }, 'Sign out')
}
const shown = (text: string) => h('b', null, text)

export interface AppProps {
  readonly client: Client
  readonly initialUser: User | null | undefined
}

export function App({ client, initialUser }: AppProps): ReactElement {
  return h(
    StrictMode,
    null,
    h(
      SallyportProvider,
      { client, initialUser },
      ...[h(Name), h(Status), h(Roles), h(Out)],
      h('p', { id: 'in' }, h(SignedIn, { fallback: shown('no'), loading: shown('wait') }, shown('yes'))),
      h('p', { id: 'not' }, h(SignedOut, { fallback: shown('no'), loading: shown('wait') }, shown('yes'))),
    ),
  )
}
