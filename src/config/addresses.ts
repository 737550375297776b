import { isIP } from 'node:net'

/** True for the names and addresses that only this machine can reach: `localhost`, 127.0.0.0/8, `::1`. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === 'localhost' || bare === '::1' || bare === '0:0:0:0:0:0:0:1') return true
  return isIP(bare) === 4 && bare.startsWith('127.')
}

/** True for an IP address, alone or with the length of its network's prefix: `10.0.0.0/8`, `::1`. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || address.includes('%')) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** The origin (RFC 6454) that `text` spells, or `null` where it is anything more or else than an http(s) origin. */
export function parseOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const onlyOrigin = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  return onlyOrigin && /^https?:$/.test(url.protocol) && !/[?#]$/.test(text) ? url.origin : null
}
