import type { CookieJar } from './cookies.js'
import { setCookieHeaders } from './cookies.js'
import type { Reply } from './route.js'

/** What goes out, without a `Response` around it: a server can write it as it is. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string | Uint8Array<ArrayBuffer> | null
}

/** Puts a handler's reply on the wire. */
export function answerOf(reply: Reply, jar: CookieJar): Answer {
  const headers = new Headers({ ...reply.headers })
  if (reply.cookies) for (const value of setCookieHeaders(jar, reply.cookies)) headers.append('set-cookie', value)
  if (reply.raw) {
    headers.set('content-type', reply.raw.contentType)
    return { status: reply.status, headers, body: reply.raw.content }
  }
  if (reply.body === undefined) return { status: reply.status, headers, body: null }
  headers.set('content-type', 'application/json; charset=utf-8')
  return { status: reply.status, headers, body: JSON.stringify(reply.body) }
}

/** The headers of both; of one that both have the second counts, except for those that add up. */
export function merged(base: Headers, more: Headers): Headers {
  for (const [name, value] of more) {
    if (name === 'set-cookie' || name === 'vary') base.append(name, value)
    else base.set(name, value)
  }
  return base
}

/** The answer with its length, and without a body where HTTP allows none (RFC 9110 §9.3.2, §15.3.5, §15.4.5). */
export function finished(method: string, { status, headers, body }: Answer): Answer {
  const isBodiless = status === 204 || status === 304
  if (body !== null && !isBodiless) headers.set('content-length', String(Buffer.byteLength(body)))
  return { status, headers, body: isBodiless || method === 'HEAD' ? null : body }
}
