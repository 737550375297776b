import { readToRecall } from '../../http/credentials.js'
import type { Shortcut } from '../../http/door.js'
import { ME_PATHS, meReply } from './user-routes.js'
import type { Profile } from './user-types.js'

/** `GET /auth/me` for who asks on every page. @param sessionCookie the name of the cookie that holds the access token */
export function meShortcut(profile: Profile, sessionCookie: string): Shortcut {
  return {
    routes: ME_PATHS,
    isLogged: true,
    recall({ header }) {
      const credential = readToRecall(header, sessionCookie)
      const identity = credential && profile.recall(credential.token, header('x-tenant-id') ?? null)
      return identity && { reply: meReply(profile, identity), caller: { credential, identity } }
    },
  }
}
