import type { ServerResponse } from 'node:http'
import type { Answer } from '../http/answer.js'

/**
 * What would tell of the body that the application was about to send (RFC 9110 §8, §13, §14): the answer has another one.
 * An encoding that it does not have makes it unreadable.
 */
export const OF_THE_BODY: readonly string[] = [
  ...['content-encoding', 'content-language', 'content-location', 'content-disposition', 'content-length'],
  ...['content-range', 'content-digest', 'repr-digest', 'etag', 'last-modified', 'transfer-encoding', 'trailer'],
]

/**
 * Writes an answer, unless somebody has: a timeout of the application, perhaps. What the application has set before stays
 * where the answer does not say otherwise, unless it told of another body.
 */
export function writeAnswer(outgoing: ServerResponse, { status, fields, body }: Answer): void {
  if (outgoing.headersSent) return
  // Middleware that hooks `writeHead` may look at what was set alone.
  if (outgoing.getHeaderNames().length === 0 && !Object.hasOwn(outgoing, 'writeHead')) {
    outgoing.writeHead(status, [...fields]).end(body ?? undefined)
    return
  }
  for (const name of OF_THE_BODY) outgoing.removeHeader(name)
  const own = new Set<string>()
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (own.has(name) || name === 'vary' || name === 'set-cookie') outgoing.appendHeader(name, value)
    else outgoing.setHeader(name, value)
    own.add(name)
  }
  outgoing.writeHead(status).end(body ?? undefined)
}

/** Adds what a guard wants said to an answer that is still to come. */
export function addFields(outgoing: ServerResponse, fields: readonly string[]): void {
  if (fields.length === 0 || outgoing.headersSent) return
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (name === 'set-cookie' || name === 'vary') outgoing.appendHeader(name, value)
    else outgoing.setHeader(name, value)
    if (name === 'cache-control') keepFromCaches(outgoing)
  }
}

/** For an answer that carries a token (contract §1): no cache may have it, whatever the application says of it later. */
export function keepFromCaches(outgoing: ServerResponse): void {
  outgoing.writeHead = new Proxy(outgoing.writeHead, {
    apply(writeHead, self, given: readonly unknown[]) {
      const kept = given.map((part) => (typeof part === 'object' && part !== null ? withoutCaching(part) : part))
      outgoing.setHeader('cache-control', 'no-store')
      return Reflect.apply(writeHead, self, kept)
    },
  })
}

/** @param headers as `writeHead` takes them: an object, or names and values in turn */
function withoutCaching(headers: object): object {
  const isKept = (name: unknown) => String(name).toLowerCase() !== 'cache-control'
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)))
  return headers.filter((_part, at) => isKept(headers[at - (at % 2)]))
}
