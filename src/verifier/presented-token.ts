import { SallyportError } from '../contract/sallyport-error.js'
import { readCredential } from '../http/credentials.js'

type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a token is read from: the token itself, the headers that it came with, or the request that has them. */
export type Presented = string | Pick<Headers, 'get'> | { readonly headers: Pick<Headers, 'get'> | HeaderFields }

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
  const header = getterOf(from)
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

function getterOf(from: Exclude<Presented, string>): Getter {
  // Ahead of `get`, which a request of Express has too.
  const headers = 'headers' in from ? from.headers : from
  if (hasGet(headers)) return (name) => headers.get(name)
  return (name) => {
    const value = headers[name]
    // As a list has been sent, so it is read: two of a kind are malformed.
    return typeof value === 'string' ? value : (value?.join(', ') ?? null)
  }
}

function hasGet(headers: Pick<Headers, 'get'> | HeaderFields): headers is Pick<Headers, 'get'> {
  return typeof headers['get'] === 'function'
}
