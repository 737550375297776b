import { isHttps } from './cookies.js'
import type { HttpConfig } from './http-app-types.js'

/**
 * The headers of every answer, unless a route sets its own (a page its policy, a public document its caching).
 * HSTS only where the public scheme is https, as RFC 6797 §7.2 asks.
 */
export function securityHeaders(config: HttpConfig): Readonly<Record<string, string>> {
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    ...(isHttps(config.server.publicUrl) && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  }
}
