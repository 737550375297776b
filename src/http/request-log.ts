import type { HttpLogger } from './http-app-types.js'

/** The line of an answered request. @param started as `performance.now()` gave it */
export function logRequest(
  logger: Pick<HttpLogger, 'info'>,
  requestId: string,
  method: string,
  route: string | null,
  status: number,
  started: number,
): void {
  const duration = Math.round(performance.now() - started)
  logger.info({ request_id: requestId, method, route, status, duration_ms: duration }, 'request')
}
