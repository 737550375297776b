import type { HeaderGetter } from './credentials.js'
import type { Fields } from './fields.js'
import type { OriginPolicy } from './origins.js'

const REQUEST_HEADERS = 'authorization, content-type, x-csrf-token, x-tenant-id, x-request-id'
const EXPOSED_HEADERS = [
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Session-Token',
  'X-Session-Expires-At',
  'WWW-Authenticate',
].join(', ')
/** Chromium keeps a preflight for two hours at most; less lets a changed configuration take effect. */
const PREFLIGHT_SECONDS = '600'

/** True where a browser asks before the real request (Fetch standard, CORS-preflight). */
export function isPreflight(method: string, header: HeaderGetter): boolean {
  return method === 'OPTIONS' && isSent(header, 'origin') && isSent(header, 'access-control-request-method')
}

/** Adds what lets a page of `server.cors.origins` read the answer. Exact origins with credentials, never `*`. */
export function addCorsHeaders(header: HeaderGetter, origins: OriginPolicy, fields: Fields): void {
  if (origins.readers.size === 0) return
  fields.add('vary', 'Origin')
  const origin = header('origin') ?? null
  if (origin === null || !origins.readers.has(origin)) return
  fields.set('access-control-allow-origin', origin)
  fields.set('access-control-allow-credentials', 'true')
  fields.set('access-control-expose-headers', EXPOSED_HEADERS)
  fields.set('cross-origin-resource-policy', 'cross-origin')
}

/** Adds the answer to a preflight, for an allowed origin; for any other the browser refuses by itself. */
export function addPreflightHeaders(
  header: HeaderGetter,
  origins: OriginPolicy,
  methods: readonly string[],
  fields: Fields,
): void {
  if (!origins.readers.has(header('origin') ?? '')) return
  fields.set('access-control-allow-methods', methods.join(', '))
  fields.set('access-control-allow-headers', REQUEST_HEADERS)
  fields.set('access-control-max-age', PREFLIGHT_SECONDS)
}

function isSent(header: HeaderGetter, name: string): boolean {
  return typeof header(name) === 'string'
}
