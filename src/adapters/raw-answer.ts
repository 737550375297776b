import type { ServerResponse } from 'node:http'
import type { Answer } from '../http/answer.js'

/**
 * Writes an answer, unless somebody has: a timeout of the application, perhaps. What the application has set before stays
 * where the answer does not say otherwise.
 */
export function writeAnswer(outgoing: ServerResponse, { status, fields, body }: Answer): void {
  if (outgoing.headersSent) return
  if (outgoing.getHeaderNames().length === 0) {
    outgoing.writeHead(status, [...fields]).end(body ?? undefined)
    return
  }
  const own = new Set<string>()
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (own.has(name) || name === 'vary') outgoing.appendHeader(name, value)
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
  }
}
