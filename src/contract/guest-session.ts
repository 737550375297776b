import type { AuthMethod } from './identity.js'
import { SallyportError } from './sallyport-error.js'

/** True for a session without an account. A guest who gets an account gets another session, so this never changes. */
export function isGuestSession({ authMethods }: { readonly authMethods: readonly AuthMethod[] }): boolean {
  return authMethods.includes('guest')
}

/** @throws SallyportError `invalid_token`: a token of another kind is refused, whatever else it is good for */
export function assertGuest(holder: { readonly authMethods: readonly AuthMethod[] }): void {
  if (isGuestSession(holder)) return
  throw new SallyportError('invalid_token', { detail: 'The token is not that of a guest.' })
}
