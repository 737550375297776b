import { readToRecall } from '../../http/credentials.js'
import type { Shortcut } from '../../http/door.js'
import { validationReply } from './guest-routes.js'
import type { GuestService } from './guest-service.js'

/**
 * `GET /session/validate` for who asks about every request: a game's server.
 * @param sessionCookie the name of the cookie that holds the access token
 */
export function guestShortcut(guests: GuestService, sessionCookie: string): Shortcut {
  return {
    routes: [{ base: 'root', path: '/session/validate' }],
    isLogged: false,
    recall({ header }) {
      const credential = readToRecall(header, sessionCookie)
      const found = credential && guests.recall(credential.token, header('x-tenant-id') ?? null)
      return found && { reply: validationReply(found), caller: { credential, identity: found.identity } }
    },
  }
}
