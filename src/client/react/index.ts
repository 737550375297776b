'use client'

export { SallyportProvider, type SallyportProviderProps } from './session-provider.js'
export { SignedIn, type SignedInProps, SignedOut, type SignedOutProps } from './signed-in.js'
export { useClient, useSession, useUser } from './use-session.js'
