/** Longer is no page of anybody's, and makes `Location` unwieldy. */
const MOST_CHARACTERS = 2048
/** Nothing is ever sent there: it stands in for the site's own origin. */
const OWN = 'http://own.invalid'
/** What URL parsers drop or turn round: control characters, white space, backslashes (WHATWG URL §4.4). */
const MISREAD = /[\p{Cc}\p{Z}\\]/u

/**
 * A path of one's own site to lead back to after signing in, taken from a query parameter or a form. Whatever would lead
 * elsewhere (another origin, `//host`, `javascript:`, dot segments that end in `//host`) gives the fallback instead.
 * @param value as it came: of several values none counts
 * @param fallback a path of your own, `/` where none is given
 * @returns path, query and fragment, starting with exactly one slash
 */
export function safeReturnPath(value: unknown, fallback = '/'): string {
  if (typeof value !== 'string' || value.length > MOST_CHARACTERS) return fallback
  if (!value.startsWith('/') || MISREAD.test(value) || !URL.canParse(value, OWN)) return fallback
  const url = new URL(value, OWN)
  const path = `${url.pathname}${url.search}${url.hash}`
  return url.origin === OWN && !path.startsWith('//') ? path : fallback
}

/**
 * The address of a sign-in page that leads back afterwards: `/sign-in?return_to=%2Fdashboard`.
 * @param signIn path of the page, perhaps with a query of its own
 * @param returnTo path of the page that was asked for; what is not safe is left out
 */
export function signInPath(signIn: string, returnTo: unknown): string {
  const url = new URL(signIn, OWN)
  const back = safeReturnPath(returnTo, '')
  if (back !== '') url.searchParams.set('return_to', back)
  return `${url.pathname}${url.search}${url.hash}`
}
