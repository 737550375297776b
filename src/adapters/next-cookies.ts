/** What of `await cookies()` is used in an action or a route handler. */
export interface WritableCookies {
  set(name: string, value: string, attributes: CookieAttributes): unknown
}

interface CookieAttributes {
  readonly path: string
  /** Absent for one that ends with the browser's session. */
  readonly maxAge?: number
  readonly httpOnly: true
  readonly secure: true
  readonly sameSite: 'lax'
}

/**
 * Hands the cookies of an answer to the store of Next.js, which keeps one of each name: of the refresh cookies that of
 * the first base path. The list is ours, so its attributes are known (contract §2).
 * @param fields flat, names in lower case
 */
export function setCookies(store: WritableCookies, fields: readonly string[]): void {
  const done = new Set<string>()
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] !== 'set-cookie') continue
    const [pair = '', ...attributes] = (fields[at + 1] ?? '').split('; ')
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals)
    if (done.has(name)) continue
    done.add(name)
    const maxAge = attribute(attributes, 'Max-Age')
    store.set(name, pair.slice(equals + 1), {
      path: attribute(attributes, 'Path') ?? '/',
      ...(maxAge !== null && { maxAge: Number(maxAge) }),
      httpOnly: true,
      secure: true,
      sameSite: 'lax',
    })
  }
}

function attribute(attributes: readonly string[], name: string): string | null {
  const found = attributes.find((text) => text.startsWith(`${name}=`))
  return found === undefined ? null : found.slice(name.length + 1)
}
