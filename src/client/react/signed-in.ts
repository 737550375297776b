import { createElement, Fragment, type ReactElement, type ReactNode } from 'react'
import { useSession } from './use-session.js'

/** What `<SignedIn>` takes. */
export interface SignedInProps {
  readonly children?: ReactNode
  /** Shown while nobody is signed in. */
  readonly fallback?: ReactNode
  /** Shown until it is known. */
  readonly loading?: ReactNode
}

/** What `<SignedOut>` takes. */
export interface SignedOutProps {
  readonly children?: ReactNode
  /** Shown while somebody is signed in. */
  readonly fallback?: ReactNode
  /** Shown until it is known. */
  readonly loading?: ReactNode
}

/**
 * Shows its children to who is signed in. What must stay secret does not belong into a page: the server decides what it
 * hands out.
 */
export function SignedIn({ children, fallback, loading }: SignedInProps): ReactElement {
  const status = useStatus()
  return shown({ 'signed-in': children, 'signed-out': fallback, loading }[status])
}

/** Shows its children to who is not signed in. */
export function SignedOut({ children, fallback, loading }: SignedOutProps): ReactElement {
  const status = useStatus()
  return shown({ 'signed-out': children, 'signed-in': fallback, loading }[status])
}

const useStatus = () => useSession(statusOf)
const statusOf = ({ status }: { readonly status: 'loading' | 'signed-in' | 'signed-out' }) => status
const shown = (node: ReactNode) => createElement(Fragment, null, node)
