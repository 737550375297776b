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
export function isPreflight(request: Request): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.has('origin') &&
    request.headers.has('access-control-request-method')
  )
}

/** Adds what lets a page of `server.cors.origins` read the answer. Exact origins with credentials, never `*`. */
export function addCorsHeaders(request: Request, origins: OriginPolicy, headers: Headers): void {
  if (origins.readers.size === 0) return
  headers.append('vary', 'Origin')
  const origin = request.headers.get('origin')
  if (origin === null || !origins.readers.has(origin)) return
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-allow-credentials', 'true')
  headers.set('access-control-expose-headers', EXPOSED_HEADERS)
  headers.set('cross-origin-resource-policy', 'cross-origin')
}

/** Adds the answer to a preflight, for an allowed origin; for any other the browser refuses by itself. */
export function addPreflightHeaders(
  request: Request,
  origins: OriginPolicy,
  methods: readonly string[],
  headers: Headers,
): void {
  if (!origins.readers.has(request.headers.get('origin') ?? '')) return
  headers.set('access-control-allow-methods', methods.join(', '))
  headers.set('access-control-allow-headers', REQUEST_HEADERS)
  headers.set('access-control-max-age', PREFLIGHT_SECONDS)
}
