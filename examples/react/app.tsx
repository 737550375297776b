import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { cookieStorage, createClient } from 'sallyport/client'
import { SallyportProvider, SignedIn, SignedOut } from 'sallyport/react'
import { Devices } from './devices.tsx'
import { Profile } from './profile.tsx'
import { SignInForm } from './sign-in-form.tsx'

// The tokens travel as cookies that no script can read.
const client = createClient({ baseUrl: '/', storage: cookieStorage() })

function App() {
  return (
    <SallyportProvider client={client}>
      <SignedOut>
        <SignInForm />
      </SignedOut>
      <SignedIn loading={<p>One moment…</p>}>
        <Profile />
        <Devices />
      </SignedIn>
    </SallyportProvider>
  )
}

const place = document.getElementById('app')
if (place) {
  createRoot(place).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
