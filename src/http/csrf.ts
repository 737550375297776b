import type { Credential, Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { HeaderGetter } from './credentials.js'
import type { HttpDependencies } from './http-app-types.js'
import type { OriginPolicy } from './origins.js'
import type { CsrfGuard } from './route.js'

export interface CsrfRequest {
  readonly guard: CsrfGuard
  readonly credential: Credential | null
  readonly identity: Identity | null
  readonly header: HeaderGetter
  /** The host that was asked, as the request names it. */
  readonly host: string | null
}

/**
 * Refuses what another site may have made a browser send (contract §2).
 * @throws `csrf_rejected`
 */
export async function checkCsrf(
  request: CsrfRequest,
  origins: OriginPolicy,
  csrf: HttpDependencies['csrf'],
): Promise<void> {
  if (request.guard === 'none') return
  // No browser adds an Authorization header by itself: there is no ambient authority to abuse.
  if (request.guard === 'token' && request.credential?.source === 'header') return
  checkOrigin(request.header, request.host, origins)
  if (request.guard !== 'token' || request.identity === null) return
  const token = request.header('x-csrf-token')
  if (!token || !(await csrf.verify(request.identity, token))) {
    throw new SallyportError('csrf_rejected', {
      detail: 'The header `X-CSRF-Token` must carry the value of `GET /auth/csrf` for this session.',
    })
  }
}

// Neither header: not a browser of the last years, and without a browser there is no forgery.
export function checkOrigin(header: HeaderGetter, host: string | null, origins: OriginPolicy): void {
  const origin = header('origin') ?? null
  if (origin !== null && !origins.isAllowed(origin, host)) {
    throw new SallyportError('csrf_rejected', { detail: 'The `Origin` of the request is not allowed here.' })
  }
  const site = header('sec-fetch-site') ?? null
  const isOwnSite = site === null || site === 'same-origin' || site === 'none'
  if (!isOwnSite && (origin === null || !origins.isListed(origin))) {
    throw new SallyportError('csrf_rejected', { detail: 'A browser marked the request as coming from another site.' })
  }
}
