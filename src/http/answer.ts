import type { CookieJar } from './cookies.js'
import { setCookieHeaders } from './cookies.js'
import { fieldsOf } from './fields.js'
import type { Reply } from './route.js'

/** What goes out, without a `Response` around it: a server can write it as it is. */
export interface Answer {
  readonly status: number
  /** Names in lower case and values in turn; `set-cookie` and `vary` may come several times. */
  readonly fields: string[]
  readonly body: string | Uint8Array<ArrayBuffer> | null
}

/** Puts a handler's reply on the wire, without the fields that every answer has. */
export function answerOf(reply: Reply, jar: CookieJar): Answer {
  const fields = reply.headers ? fieldsOf(reply.headers) : []
  if (reply.cookies) for (const value of setCookieHeaders(jar, reply.cookies)) fields.push('set-cookie', value)
  if (reply.raw) {
    fields.push('content-type', reply.raw.contentType)
    return { status: reply.status, fields, body: reply.raw.content }
  }
  if (reply.body === undefined) return { status: reply.status, fields, body: null }
  fields.push('content-type', 'application/json; charset=utf-8')
  return { status: reply.status, fields, body: JSON.stringify(reply.body) }
}

/**
 * The answer with its length, and without a body where HTTP allows none (RFC 9110 §9.3.2, §15.3.5, §15.4.5).
 * @param fields of the whole answer; the length is added to it
 */
export function finished(method: string, status: number, fields: string[], body: Answer['body']): Answer {
  if (status === 204 || status === 304) return { status, fields, body: null }
  fields.push('content-length', body === null ? '0' : String(Buffer.byteLength(body)))
  return { status, fields, body: method === 'HEAD' ? null : body }
}
