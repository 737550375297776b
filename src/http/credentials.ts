import type { Credential } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'

export type HeaderGetter = (name: string) => string | null | undefined

/** More than any honest client sends; parsing stays cheap whatever a server below lets through. */
const MOST_AUTHORIZATION_CHARACTERS = 8 * 1024
const MOST_COOKIE_CHARACTERS = 16 * 1024
const MOST_COOKIES = 100

const USUAL = 'Bearer '

const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * The access token of a request, unchecked. An `Authorization` header alone counts where there is one, even an empty
 * or malformed one (contract §1); else the session cookie.
 * @throws `invalid_token` for a malformed Bearer or two cookies of the name, `unauthenticated` for another scheme
 */
export function readCredential(header: HeaderGetter, cookieName: string): Credential | null {
  const authorization = header('authorization') ?? null
  if (authorization !== null) return { token: bearerToken(authorization), source: 'header' }
  const token = readCookie(header, cookieName)
  return token === null ? null : { token, source: 'cookie' }
}

/**
 * The same for who looks the token up among those that were checked before: memory knows well-formed ones alone, so that
 * one in a header as nearly everybody writes it need not be read in full.
 * @throws as `readCredential`
 */
export function readToRecall(header: HeaderGetter, cookieName: string): Credential | null {
  const authorization = header('authorization') ?? ''
  const isUsual = authorization.startsWith(USUAL) && authorization.length <= MOST_AUTHORIZATION_CHARACTERS
  return isUsual ? { token: authorization.slice(USUAL.length), source: 'header' } : readCredential(header, cookieName)
}

/**
 * The value of a cookie, or `null` where there is none. Two of one name are refused, since no reader can tell
 * the site's own from one that a neighbour on a parent domain has planted.
 * @throws `invalid_token`
 */
export function readCookie(header: HeaderGetter, name: string): string | null {
  const values = readCookies(header, name)
  if (values.length > 1) throw refused(`The cookie ${name} was sent more than once.`)
  const value = values[0]
  if (value === undefined || value === '') return null
  if (!TOKEN68.test(value)) throw refused(`The cookie ${name} holds no token.`)
  return value
}

/** Every value sent for a cookie of that name. @throws `invalid_token` where there is more than an honest browser sends */
export function readCookies(header: HeaderGetter, name: string): readonly string[] {
  const text = header('cookie') ?? ''
  if (text === '') return []
  if (text.length > MOST_COOKIE_CHARACTERS) throw refused('The Cookie header is too long.')
  const pairs = text.split(';', MOST_COOKIES + 1)
  if (pairs.length > MOST_COOKIES) throw refused('There are too many cookies.')
  const values: string[] = []
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals !== -1 && trimmed(pair.slice(0, equals)) === name) values.push(unquoted(trimmed(pair.slice(equals + 1))))
  }
  return values
}

/**
 * Without the white space of RFC 6265 §5.4 alone. `trim()` takes away U+00A0 too, and a neighbour's cookie named
 * `\u00a0__Host-session_id` would pass for the one that browsers protect by its prefix.
 */
function trimmed(text: string): string {
  let [start, end] = [0, text.length]
  // No pattern: one for the end is tried anew at every blank of a long run.
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function bearerToken(authorization: string): string {
  if (!/^bearer(?: |$)/i.test(authorization)) {
    throw new SallyportError('unauthenticated', { detail: 'The Authorization header must be `Bearer <token>`.' })
  }
  const token = authorization.slice('bearer'.length).replace(/^ +/, '')
  if (authorization.length > MOST_AUTHORIZATION_CHARACTERS || !TOKEN68.test(token)) {
    throw refused('The Authorization header must be `Bearer` and exactly one token.')
  }
  return token
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

function refused(detail: string): SallyportError {
  return new SallyportError('invalid_token', { detail })
}
