import { randomUUID } from 'node:crypto'
import type { CallContext } from './api-answers.js'
import type { ClientContext } from './contract/identity.js'
import { preferredLocale } from './contract/locale.js'
import { SallyportError } from './contract/sallyport-error.js'
import type { RateLimitService } from './features/rate-limits/rate-limit-service.js'
import type { NamedTenant } from './features/tenants/tenant-service.js'
import type { LimitName } from './http/route.js'
import { addressBucket } from './runtime/client-address.js'
import { knownUserAgent } from './runtime/user-agent.js'

export function clientOf(context: CallContext | undefined): ClientContext {
  return {
    ipAddress: context?.ipAddress ?? null,
    userAgent: knownUserAgent(context?.userAgent),
    requestId: context?.requestId ?? randomUUID(),
    locale: preferredLocale(context?.acceptLanguage),
  }
}

/** The tenant that an input or its context names. */
export function named(tenantId: string | undefined, context: CallContext | undefined): NamedTenant {
  return { body: tenantId, header: context?.tenantId ?? null }
}

/** Counts what is limited, where the host application knows for whom. @throws SallyportError `rate_limited` */
export async function counted(
  limits: RateLimitService,
  limit: LimitName,
  client: ClientContext,
): Promise<ClientContext> {
  const decision = client.ipAddress === null ? null : await limits.consume(limit, addressBucket(client.ipAddress))
  if (decision?.allowed === false) throw new SallyportError('rate_limited', { retryAfter: decision.resetSeconds })
  return client
}
