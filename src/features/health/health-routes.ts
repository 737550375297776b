import { z } from 'zod'
import { defineRoute, type Route } from '../../http/define-route.js'
import type { HealthService } from './health-service.js'

const status = z.enum(['ok', 'failing', 'disabled'])
const readiness = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    checks: z.object({ database: status, cache: status, signing_keys: status, cleanup: status }),
  })
  .meta({ id: 'Readiness' })

export function healthRoutes(health: HealthService): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      base: 'root',
      listener: 'both',
      path: '/health/live',
      operationId: 'live',
      summary: 'Whether the process answers',
      tag: 'Operations',
      guard: { authentication: 'none', csrf: 'none' },
      responses: {
        200: { description: 'It does', schema: z.object({ status: z.literal('live') }).meta({ id: 'Liveness' }) },
      },
      errors: [],
      handle: async () => ({ status: 200, body: { status: 'live' } }),
    }),
    defineRoute({
      method: 'GET',
      base: 'root',
      listener: 'both',
      path: '/health/ready',
      operationId: 'ready',
      summary: 'Whether the node can serve',
      tag: 'Operations',
      guard: { authentication: 'none', csrf: 'none' },
      responses: {
        200: { description: 'It can', schema: readiness },
        503: { description: 'It cannot, or is about to stop', schema: readiness },
      },
      errors: [],
      async handle() {
        const body = await health.readiness()
        return { status: body.status === 'ready' ? 200 : 503, body }
      },
    }),
  ]
}
