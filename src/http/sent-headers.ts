/** Headers as Node.js has them, and as one writes them down. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

type HeaderReader = Pick<Headers, 'get'>
type Carrier = { readonly headers: HeaderReader | HeaderFields }

/** Headers, or the request that has them: of the Fetch standard, of Node.js, and of what builds on either. */
export type Sent = HeaderReader | HeaderFields | Carrier

/** Reads them by names in lower case. */
export function headersOfSent(from: Sent): (name: string) => string | null {
  const headers = isCarrier(from) ? from.headers : from
  if (isReader(headers)) return (name) => headers.get(name)
  return (name) => {
    const value = headers[name] ?? spelledOtherwise(headers, name)
    // As a list has been sent, so it is read: two of a kind are malformed.
    return typeof value === 'string' ? value : (value?.join(', ') ?? null)
  }
}

/** Ahead of `get`, which a request of Express has too. The headers of Next.js have a member `headers`, but are `Headers`. */
function isCarrier(from: Sent): from is Carrier {
  return !(from instanceof Headers) && 'headers' in from && typeof from.headers === 'object'
}

function isReader(headers: HeaderReader | HeaderFields): headers is HeaderReader {
  return typeof headers['get'] === 'function'
}

function spelledOtherwise(headers: HeaderFields, name: string): string | readonly string[] | undefined {
  const key = Object.keys(headers).find((known) => known.toLowerCase() === name)
  return key === undefined ? undefined : headers[key]
}
