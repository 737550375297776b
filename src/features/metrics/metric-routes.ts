import { hash } from 'node:crypto'
import { isLoopbackHost } from '../../config/addresses.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { equalInConstantTime } from '../../crypto/constant-time.js'
import type { HeaderGetter } from '../../http/credentials.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import { isForwarded, namesThisMachine } from '../../http/direct-requests.js'
import type { MetricService } from './metric-service.js'

export interface MetricAccess {
  /** What `Authorization: Bearer` must hold; null where anybody may read who gets here. */
  readonly token: string | null
  /** Without a token, only a caller on this machine may read. */
  readonly localOnly: boolean
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function metricRoutes(metrics: MetricService, access: MetricAccess): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      base: 'root',
      listener: 'admin',
      path: '/metrics',
      operationId: 'metrics',
      summary: "The node's metrics, for Prometheus",
      tag: 'Operations',
      guard: { authentication: 'none', csrf: 'none' },
      responses: { 200: { description: 'The text format 0.0.4', contentType: 'text/plain' } },
      errors: ['unauthenticated', 'invalid_token', 'forbidden'],
      async handle({ credential, client, header }) {
        if (access.token !== null) checkToken(access.token, credential?.source === 'header' ? credential.token : null)
        else if (access.localOnly) checkLocal(client.ipAddress, header)
        return {
          status: 200,
          headers: { 'cache-control': 'no-store' },
          raw: { contentType: CONTENT_TYPE, content: await metrics.read() },
        }
      },
    }),
  ]
}

function checkToken(token: string, given: string | null): void {
  if (given === null) throw new SallyportError('unauthenticated')
  if (!equalInConstantTime(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))) {
    throw new SallyportError('invalid_token')
  }
}

function checkLocal(address: string | null, header: HeaderGetter): void {
  // Some proxies add nothing, and pass on the name that was asked for.
  const isNamed = namesThisMachine(header('host') ?? 'localhost')
  const isLocal = address !== null && isLoopbackHost(address) && isNamed && !isForwarded(header)
  if (!isLocal) throw new SallyportError('forbidden', { detail: 'Metrics are shown to callers on this machine alone.' })
}
