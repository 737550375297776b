import { isLoopbackHost } from '../config/addresses.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { normalizeAddress } from '../runtime/client-address.js'
import type { HeaderGetter } from './credentials.js'
import type { DoorCall } from './http-app-types.js'

/** What a proxy or tunnel in front adds (RFC 7239, RFC 9110 §7.6.3, and the usual ones without a standard). */
const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded',
  ...['for', 'host', 'proto', 'port', 'server', 'prefix', 'path', 'uri', 'method', 'scheme', 'ssl', 'by', 'user'].map(
    (name) => `x-forwarded-${name}`,
  ),
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-original-host',
  'x-envoy-external-address',
  'true-client-ip',
  'fastly-client-ip',
  'cf-connecting-ip',
  'cf-ray',
  'cdn-loop',
]

const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i

/**
 * Refuses what did not come straight from this machine: a peer elsewhere, a request that went through a proxy or
 * tunnel, or a name that is not this machine's own. The last is what a page elsewhere uses whose name has been pointed
 * at 127.0.0.1 (DNS rebinding): to the browser it is the same origin then, and only `Host` tells.
 * @throws SallyportError `forbidden`
 */
export function requireDirectRequest({
  header,
  host,
  remoteAddress,
}: Pick<DoorCall, 'header' | 'host' | 'remoteAddress'>): void {
  if (!namesThisMachine(host)) throw refused('a request that names another host than localhost')
  if (isForwarded(header)) throw refused('a request that was forwarded')
  const peer = remoteAddress === null ? null : normalizeAddress(remoteAddress)
  if (remoteAddress !== null && (peer === null || !isLoopbackHost(peer))) {
    throw refused('a request from another machine')
  }
}

/** True where `Host` is a name that only this machine has, with or without a port. */
export function namesThisMachine(host: string): boolean {
  const [, name = ''] = HOST.exec(host) ?? []
  return isLoopbackHost(name)
}

/** True for a request that a proxy or tunnel says to have passed on. */
export function isForwarded(header: HeaderGetter): boolean {
  return FORWARDED.some((field) => (header(field) ?? null) !== null)
}

function refused(what: string): SallyportError {
  return new SallyportError('forbidden', { detail: `A server in bypass mode refuses ${what}.` })
}
