import { SallyportError } from '../../contract/sallyport-error.js'
import { readCredential } from '../../http/credentials.js'
import type { Door } from '../../http/door.js'
import { validationBody } from './guest-routes.js'
import type { GuestService } from './guest-service.js'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

/**
 * `GET /session/validate` for who asks about every request: a game's server, without CORS. A browser's page of another
 * origin is left to the route.
 * @param sessionCookie the name of the cookie that holds the access token
 */
export function guestDoor(guests: GuestService, sessionCookie: string): Door {
  return {
    operation: null,
    paths: () => ['/session/validate'],
    takes: ({ method, header }) => method === 'GET' && header('origin') === undefined,
    async answer(request) {
      const { header } = request
      const credential = readCredential(header, sessionCookie)
      if (credential === null) throw new SallyportError('unauthenticated')
      const identity = await guests.authenticate(credential.token, header('x-tenant-id') ?? null, request)
      const body = JSON.stringify(validationBody(await guests.validate(identity)))
      return { status: 200, headers: JSON_TYPE, body, caller: { credential, identity } }
    },
  }
}
