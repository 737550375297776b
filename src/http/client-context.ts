import type { ClientContext } from '../contract/identity.js'
import { preferredLocale } from '../contract/locale.js'
import { createClientAddress } from '../runtime/client-address.js'
import { knownUserAgent } from '../runtime/user-agent.js'

/**
 * Makes the function that tells who sends a request.
 * @param trustProxy see `createClientAddress`
 */
export function createClientContext(
  trustProxy: readonly string[],
): (
  header: (name: string) => string | null | undefined,
  remoteAddress: string | null,
  requestId: string,
) => ClientContext {
  const clientAddress = createClientAddress(trustProxy)
  return (header, remoteAddress, requestId) => ({
    ipAddress: clientAddress(remoteAddress, header('x-forwarded-for') ?? null),
    userAgent: knownUserAgent(header('user-agent')),
    requestId,
    locale: preferredLocale(header('accept-language')),
  })
}
