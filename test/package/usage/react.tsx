import type { ReactElement } from 'react'
import type { Client } from 'sallyport/client'
import { SallyportProvider, SignedIn, SignedOut, useClient, useSession, useUser } from 'sallyport/react'

export function App({ client }: { client: Client }): ReactElement {
  return (
    <SallyportProvider client={client} initialUser={null}>
      <SignedIn fallback={<p>Nobody is here.</p>} loading={<p>A moment.</p>}>
        <Greeting />
      </SignedIn>
      <SignedOut>Sign in</SignedOut>
    </SallyportProvider>
  )
}

function Greeting(): ReactElement {
  const client = useClient()
  const user = useUser()
  const roles: readonly string[] = useSession((state) => (state.status === 'signed-in' ? state.user.roles : []))
  return (
    <button type="button" onClick={() => client.logout()}>
      {user?.username} {roles.join(', ')}
    </button>
  )
}
