import { createHash, randomBytes } from 'node:crypto'
import { equalInConstantTime } from '../../crypto/constant-time.js'

/** 256 random bits, which a browser keeps as a cookie. */
const BINDING = /^[A-Za-z0-9_-]{43}$/

/** The value to bind links to: the one that the browser has already, so that each of several links it asked for is good. */
export function bindingFor(cookies: readonly string[]): string {
  const [own, ...others] = cookies
  // Two of one name: a neighbour may have planted the other.
  return own !== undefined && others.length === 0 && BINDING.test(own) ? own : randomBytes(32).toString('base64url')
}

/** What is kept of a binding. */
export function bindingDigest(binding: string): string {
  return createHash('sha256').update(binding).digest('base64url')
}

/**
 * Whether a link may sign in who presents it. One that a browser asked for is good in that browser alone: forwarded, or
 * read over a shoulder, it opens nothing. One that a program asked for is good for programs alone: else anybody could
 * ask for a link to an account of their own by a program, and sign others in to it by sending it to them (login CSRF).
 * @param kept the digest of the binding; undefined where a program asked
 */
export function isBoundTo(
  kept: string | undefined,
  presented: { readonly isBrowser: boolean; readonly bindings: readonly string[] },
): boolean {
  if (kept === undefined) return !presented.isBrowser
  return presented.bindings.some((binding) =>
    equalInConstantTime(Buffer.from(bindingDigest(binding)), Buffer.from(kept)),
  )
}
