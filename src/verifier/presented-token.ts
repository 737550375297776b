import { SallyportError } from '../contract/sallyport-error.js'
import { readCredential } from '../http/credentials.js'
import { headersOfSent, type Sent } from '../http/sent-headers.js'

/** What a token is read from: the token itself, the headers that it came with, or the request that has them. */
export type Presented = string | Sent

export interface PresentedToken {
  readonly token: string
  /** `X-Tenant-ID` of the request. */
  readonly tenantHeader: string | null
}

/**
 * The token of a request, unchecked: of the `Authorization` header, or of the cookie where one is named and there is no
 * such header.
 * @throws SallyportError `unauthenticated` where there is none, `invalid_token` where it is malformed
 */
export function presentedToken(from: Presented, cookie: string | undefined): PresentedToken {
  if (typeof from === 'string') return { token: from, tenantHeader: null }
  const header = headersOfSent(from)
  const token = tokenOf(header, cookie)
  if (token === null) throw new SallyportError('unauthenticated')
  return { token, tenantHeader: header('x-tenant-id') }
}

type Getter = (name: string) => string | null

function tokenOf(header: Getter, cookie: string | undefined): string | null {
  // Without a cookie to read, none is there.
  const seen: Getter = cookie === undefined ? (name) => (name === 'cookie' ? null : header(name)) : header
  return readCredential(seen, cookie ?? '')?.token ?? null
}
