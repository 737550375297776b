import type { ClientContext } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { createClientContext } from './client-context.js'
import { createCookieJar } from './cookies.js'
import { readCookies, readCredential } from './credentials.js'
import { checkOrigin } from './csrf.js'
import type { DoorCall, HttpDependencies } from './http-app-types.js'
import { createOriginPolicy } from './origins.js'
import { type ProblemAnswer, problemAnswer } from './problem.js'
import { requestIdOf } from './request-id.js'
import { securityHeaders } from './security-headers.js'

/** Who asks for a connection of another protocol. */
export interface UpgradeVisitor {
  readonly client: ClientContext
  readonly tenantHeader: string | null
  /** A token, a credential that cannot be read, or none. */
  readonly credential: { readonly token: string; readonly viaCookie: boolean } | SallyportError | null
}

/** The answer in place of the new protocol. */
export type UpgradeRefusal = ProblemAnswer

export type UpgradeOutcome<Entrance> =
  | {
      readonly entrance: Entrance
      /** To be sent with the 101. */
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly refusal: UpgradeRefusal }

/**
 * The door of what begins as a request and goes on as something else. Where a browser's cookie, or a header, says who it
 * is, the page that asks must be of an allowed origin: browsers ask nobody before they send cookies along.
 * @param isAmbient true where who asks may need no proof (bypass): then a foreign page is refused whatever it brings
 * @param admit lets the visitor in; throws a `SallyportError` for who is refused
 */
export function createUpgradeDoor<Entrance>(
  {
    config,
    clock,
    logger,
    admit: admitCall,
    isAmbient,
  }: Pick<HttpDependencies, 'config' | 'clock' | 'logger' | 'admit'> & { readonly isAmbient: boolean },
  admit: (visitor: UpgradeVisitor) => Promise<Entrance>,
): (call: DoorCall) => Promise<UpgradeOutcome<Entrance>> {
  const jar = createCookieJar(config)
  const origins = createOriginPolicy(config)
  const clientOf = createClientContext(config.server.trustProxy)
  const common = securityHeaders(config)

  function credentialOf({ header }: DoorCall): UpgradeVisitor['credential'] {
    try {
      const credential = readCredential(header, jar.accessName)
      return credential && { token: credential.token, viaCookie: credential.source === 'cookie' }
    } catch (error) {
      if (error instanceof SallyportError) return error
      throw error
    }
  }

  /**
   * Every browser says which page asks (RFC 6455 §4.1), and sends its cookies whichever it is: where they may count, an
   * allowed origin has to be there. @throws `csrf_rejected`
   */
  function checkPage({ header, host }: DoorCall): void {
    const hasHeader = (header('authorization') ?? null) !== null
    const hasCookie = hasSessionCookie(header)
    if (isAmbient || hasHeader || hasCookie) checkOrigin(header, host, origins)
    if (hasCookie && !hasHeader && (header('origin') ?? null) === null) {
      throw new SallyportError('csrf_rejected', { detail: 'With a cookie the upgrade needs an `Origin`.' })
    }
  }

  function hasSessionCookie(header: DoorCall['header']): boolean {
    try {
      return readCookies(header, jar.accessName).length > 0
    } catch {
      return true
    }
  }

  return async (call) => {
    const requestId = requestIdOf(call.header('x-request-id'), clock)
    try {
      admitCall?.(call)
      checkPage(call)
      const credential = credentialOf(call)
      const client = clientOf(call.header, call.remoteAddress, requestId)
      const entrance = await admit({ client, tenantHeader: call.header('x-tenant-id') ?? null, credential })
      return { entrance, headers: { 'x-request-id': requestId } }
    } catch (error) {
      const { status, headers, body } = problemAnswer(error, requestId, logger)
      const length = String(Buffer.byteLength(body))
      return {
        refusal: {
          status,
          headers: { ...common, ...headers, 'content-length': length, 'x-request-id': requestId },
          body,
        },
      }
    }
  }
}
