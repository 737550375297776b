import { type Server, STATUS_CODES } from 'node:http'
import type { RequestContext } from '../../src/adapters/request-context.js'
import type { Auth } from '../../src/auth-types.js'
import { close, listen } from '../http/raw-socket.js'

/**
 * An application on one framework, with Sallyport mounted first (`except: ['/docs']`), and these routes:
 *
 * | route | guard | answers |
 * | --- | --- | --- |
 * | `GET /docs`, `GET /users/42`, `GET /` | none | `{ of: 'the application' }` |
 * | `GET`, `POST /open` | `optionalAuth()` | `{ userId }` |
 * | `GET`, `POST /me` | `requireAuth()` | `callerOf(helpers, carrier)` |
 * | `GET /twice` | `requireAuth()`, then `requireRole('viewer')` | `callerOf(helpers, carrier)` |
 * | `GET /nested/me` in a router or plugin of its own | `requireAuth()` | `callerOf(helpers, carrier)` |
 * | `POST /echo` | `requireAuth()` | the JSON that was sent, as the framework's parser gives it |
 * | `POST /with-token` | `requireAuth({ csrf: 'token' })` | `{ ok: true }` |
 * | `POST /unchecked` | `requireAuth({ csrf: 'none' })` | `{ ok: true }` |
 * | `POST /danger` | `requireAuth({ recentAuthentication: true })` | `{ ok: true }` |
 * | `GET /fresh` | `requireAuth({ fresh: true })` | `{ ok: true }` |
 * | `GET /read` | `requirePermission('content:read')` | `{ ok: true }` |
 * | `GET /write` | `requirePermission('content:read', 'content:write')` | `{ ok: true }` |
 * | `GET /admin` | `requireRole('viewer', 'admin')` | `{ ok: true }` |
 * | `GET /must` | none | `{ userId: mustGetUserId(carrier) }`, a problem where that throws |
 * | `GET /fails` | `requireAuth()` | throws `new Error('a bug')`, which the application answers: 500 |
 */
export interface Stack {
  readonly name: string
  /** True where the framework itself has resolved dot segments before it asks anybody: then nobody sees what was sent. */
  readonly resolvesDots?: true
  /** @param auth null: nothing is mounted, and the guards have nobody to ask */
  start(auth: Auth | null): Promise<Running>
}

export interface Running {
  readonly port: number
  close(): Promise<void>
}

export const APPLICATION = { of: 'the application' }

/** What the helpers say of the caller. */
export function callerOf<Carrier>(context: RequestContext<Carrier>, carrier: Carrier) {
  return {
    userId: context.getUserId(carrier),
    tenantId: context.getTenantId(carrier),
    username: context.mustGetIdentity(carrier).username,
    session: context.getSession(carrier),
    isJwtMode: context.isJwtMode(carrier),
    claims: context.getClaims(carrier),
    agrees:
      context.mustGetUserId(carrier) === context.getIdentity(carrier)?.userId &&
      context.mustGetTenantId(carrier) === context.getIdentity(carrier)?.tenantId &&
      context.mustGetSession(carrier).id === context.getSession(carrier)?.id,
  }
}

/** The application's own answer to what went wrong. */
export const FAILURE = { status: 500, body: { error: STATUS_CODES[500] } }

export async function running(server: Server): Promise<Running> {
  return { port: await listen(server), close: () => close(server) }
}
