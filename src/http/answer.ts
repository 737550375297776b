import type { CookieJar } from './cookies.js'
import { setCookieHeaders } from './cookies.js'
import type { Reply } from './route.js'

/** An answer before the headers that every answer gets. */
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
