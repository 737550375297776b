import type { IncomingMessage } from 'node:http'
import { SallyportError } from '../contract/sallyport-error.js'

/** RFC 3986 `path-absolute` and `query`: what is left out here has to be escaped. */
const ORIGIN_FORM = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]|]*)?$/
const HOST = /^(?:[A-Za-z0-9\-._~]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i
const MOST_HEADERS = 100
/** Node keeps the first of two of these; somebody in front may have believed the second. */
const SINGLE = ['authorization', 'host']

/**
 * Looks at what a `Request` would no longer show: its URL has dot segments resolved and a host filled in.
 * @returns the refusal, or `null` for a request that can go on
 */
export function checkRequestLine(
  incoming: Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders' | 'httpVersion'>,
): SallyportError | null {
  const { url = '', headers, rawHeaders, httpVersion } = incoming
  // Node's parser takes a request that calls itself HTTP/2.0 or 0.9 for one of 1.1.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('The version of HTTP must be 1.1 or 1.0.')
  const coding = headers['transfer-encoding']
  // Another coding than chunked would be handed on undecoded, and in 1.0 whoever is in front may know none (RFC 9112 §6.1).
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0')) {
    return malformed('The only Transfer-Encoding is `chunked`, and that in HTTP/1.1.')
  }
  if (!ORIGIN_FORM.test(url)) return malformed('The request target must be an absolute path in escaped form.')
  // HTTP/1.0 knows no Host: load balancers ask whether a server lives without one (RFC 9112 §3.2 needs it in 1.1 alone).
  const mayLackHost = httpVersion === '1.0' && headers.host === undefined
  if (!mayLackHost && !HOST.test(headers.host ?? '')) return malformed('The Host header is malformed.')
  if (rawHeaders.length > 2 * MOST_HEADERS) return malformed(`A request has at most ${MOST_HEADERS} headers.`)
  const twice = SINGLE.find((name) => isSentTwice(rawHeaders, name))
  if (twice !== undefined) return malformed(`The header \`${twice}\` was sent twice.`)
  if (DOT_SEGMENT.test(url.replace(/\?.*$/s, ''))) return new SallyportError('not_found')
  return null
}

/** The parts of a target in origin form (RFC 9112 §3.2.1), as they were sent. */
export function targetOf(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?')
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}

/** Compares lengths first: nearly no header needs its letters looked at. */
function isSentTwice(rawHeaders: readonly string[], name: string): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at]
    if (sent !== undefined && sent.length === name.length && sent.toLowerCase() === name) count++
  }
  return count > 1
}

function malformed(detail: string): SallyportError {
  return new SallyportError('invalid_request', { detail })
}
