import { z } from 'zod'
import type { Credential, Identity } from '../../contract/identity.js'
import { isPermitted } from '../../contract/permission.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { readCredential, readToRecall } from '../../http/credentials.js'
import type { Door, DoorReply } from '../../http/door.js'
import { parseQuery } from '../../http/query.js'
import type { TokenService } from './token-service.js'

/**
 * `GET /auth/verify` for nginx `auth_request`, Traefik, Caddy and Envoy: who the caller is, as headers. It answers any
 * method, since some proxies forward the original one, and does nothing but authenticate.
 * @param sessionCookie the name of the cookie that holds the access token
 */
export function forwardAuthDoor(tokens: TokenService, sessionCookie: string): Door {
  return {
    operation: {
      operationId: 'verify',
      summary: 'Forward authentication: who the caller is, as headers',
      tag: 'Forward authentication',
      authentication: 'required',
      query: z.object({
        role: z.array(z.string()).optional().meta({ description: 'The caller must have every role named.' }),
        permission: z
          .array(z.string())
          .optional()
          .meta({ description: 'The caller must have every permission named.' }),
      }),
      responses: {
        200: {
          description: 'The caller is who the headers say',
          headers: {
            'X-Auth-User-Id': 'The user',
            'X-Auth-Tenant-Id': 'The tenant of the user',
            'X-Auth-Session-Id': 'The session',
            'X-Auth-Roles': 'The roles, comma-separated',
            'X-Auth-Email': 'The email address, with `%` and whatever is not ASCII percent-encoded; absent for a guest',
            'Set-Cookie':
              'Where a browser came with a cookie that is due for another one: hand it on with the answer of the page',
          },
        },
      },
      errors: ['forbidden', 'invalid_request'],
    },
    paths: (config) => config.server.basePaths.map((base) => `${base}/verify`),
    recall({ header, query }) {
      const credential = readToRecall(header, sessionCookie)
      if (credential === null) return null
      const identity = tokens.recall(credential.token, header('x-tenant-id') ?? null)
      return identity && replyTo(credential, identity, query)
    },
    async answer(request) {
      const { header, query } = request
      const credential = readCredential(header, sessionCookie)
      if (credential === null) throw new SallyportError('unauthenticated')
      return replyTo(
        credential,
        await tokens.authenticate(credential.token, header('x-tenant-id') ?? null, request),
        query,
      )
    },
  }
}

/** @throws SallyportError `forbidden`, `invalid_request` */
function replyTo(credential: Credential, identity: Identity, query: string): DoorReply {
  if (query !== '') checkDemands(identity, query)
  return { status: 200, fields: identityFields(identity), body: null, caller: { credential, identity } }
}

const DEMANDS: ReadonlySet<string> = new Set(['role', 'permission'])

function checkDemands(identity: Identity, query: string): void {
  const demands = parseQuery(query, DEMANDS)
  // A demand that is misspelt must not pass for one that is met.
  if (Object.keys(demands).some((name) => !DEMANDS.has(name))) {
    throw new SallyportError('invalid_request', { detail: 'The query may hold `role` and `permission` alone.' })
  }
  for (const role of demands['role'] ?? []) {
    if (!identity.roles.includes(role)) throw new SallyportError('forbidden', { detail: 'A role is missing.' })
  }
  for (const permission of demands['permission'] ?? []) {
    if (!isPermitted(identity.permissions, permission)) {
      throw new SallyportError('forbidden', { detail: 'A permission is missing.' })
    }
  }
}

function identityFields({ userId, tenantId, sessionId, roles, email }: Identity): string[] {
  const fields = ['x-auth-user-id', userId, 'x-auth-tenant-id', tenantId, 'x-auth-session-id', sessionId]
  fields.push('x-auth-roles', roles.join(','))
  // A header holds ASCII and an address may hold more. `%` is encoded too, or two addresses could decode to one.
  if (email !== null) fields.push('x-auth-email', email.replace(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent))
  return fields
}
