import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An honest chain is short; a longer header is somebody playing. */
const MOST_HOPS = 32

/**
 * Makes the function that tells where a request came from. `X-Forwarded-For` is read from the right, and only as far
 * as the hops that wrote it are in `trustProxy`; what a stranger wrote to the left of that is never believed.
 * @param trustProxy addresses and CIDR ranges of one's own proxies
 */
export function createClientAddress(
  trustProxy: readonly string[],
): (remoteAddress: string | null, forwardedFor: string | null) => string | null {
  const trusted = trustProxy.map(parseRange)

  return (remoteAddress, forwardedFor) => {
    let client = remoteAddress === null ? null : normalizeAddress(remoteAddress)
    if (client === null || forwardedFor === null || trusted.length === 0) return client
    const hops = forwardedFor.split(',').slice(-MOST_HOPS)
    while (hops.length > 0 && isTrusted(client, trusted)) {
      const next = normalizeAddress(withoutPort(hops.pop() ?? ''))
      if (next === null) break
      client = next
    }
    return client
  }
}

/** The canonical text of an address, IPv4-mapped IPv6 as IPv4; `null` where it is none. */
export function normalizeAddress(text: string): string | null {
  const bare = text.trim().replace(/%.*$/, '')
  const version = isIP(bare)
  // What is accepted as IPv4 has one spelling only.
  if (version === 4) return bare
  return version === 0 ? null : ipaddr.process(bare).toString()
}

/**
 * Who a limit counts: an IPv4 address, also where it was translated to IPv6, or the /64 of an IPv6 address, since one
 * household has all of it.
 * An unknown address is one bucket for everybody.
 */
export function addressBucket(address: string | null): string {
  if (address === null || isIP(address) === 0) return 'unknown'
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  // Translated from IPv4 (RFC 6052 §2.1, RFC 7915): all of IPv4 has that /64.
  if (parsed.range() === 'rfc6052' || parsed.range() === 'rfc6145') return parsed.toString()
  const network = new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0])
  return `${network.toString()}/64`
}

/**
 * The network of an address in CIDR notation, `203.0.113.0/24`; null where the text is no address.
 * @param bits prefix lengths
 */
export function networkOf(address: string, bits: { readonly ipv4: number; readonly ipv6: number }): string | null {
  const text = normalizeAddress(address)
  if (text === null) return null
  const length = isIP(text) === 4 ? bits.ipv4 : bits.ipv6
  const kind = isIP(text) === 4 ? ipaddr.IPv4 : ipaddr.IPv6
  return `${kind.networkAddressFromCIDR(`${text}/${length}`).toString()}/${length}`
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

function parseRange(text: string): Range {
  if (text.includes('/')) {
    const [network, bits] = ipaddr.parseCIDR(text)
    // Clients are compared as IPv4, however their address was written.
    const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96
    return isMapped ? [network.toIPv4Address(), bits - 96] : [network, bits]
  }
  const address = ipaddr.process(text)
  return [address, address instanceof ipaddr.IPv6 ? 128 : 32]
}

function isTrusted(address: string, ranges: readonly Range[]): boolean {
  const parsed = ipaddr.process(address)
  return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match([network, bits]))
}

// Some proxies write `203.0.113.7:51234` or `[2001:db8::1]:51234`.
function withoutPort(hop: string): string {
  const text = hop.trim()
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)
  if (bracketed) return bracketed[1] ?? ''
  return text.replace(/^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/, '$1')
}
