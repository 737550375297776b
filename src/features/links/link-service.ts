import { isLoopbackHost } from '../../config/addresses.js'
import type { Config } from '../../config/config.js'
import { FORGOT_PASSWORD_PAGE, LINKED_PAGES, type LinkPurpose } from './link-types.js'

/** What mails link to. Nothing of a request is in it: neither `Host` nor any field decides where somebody is sent. */
export interface LinkService {
  /** The page for a purpose, with the token in its fragment: it stands in no server's log and in no `Referer`. */
  to(purpose: LinkPurpose, token: string): string
  /** Where somebody asks for a mail to set a new password. */
  forgotPassword(): string
  /** Tells the port of the server, once that is known: without a public URL the links lead there, on this machine. */
  listensOn(port: number): void
}

export function createLinkService({ server, auth }: Pick<Config, 'server' | 'auth'>): LinkService {
  let port = server.port
  const host = !isLoopbackHost(server.host) ? '127.0.0.1' : server.host.includes(':') ? `[${server.host}]` : server.host
  const builtIn = (page: string) =>
    `${server.publicUrl ?? `http://${host}:${port}`}${server.basePaths[0] ?? '/auth'}/pages/${page}`
  return {
    to(purpose, token) {
      const own = auth.links[purpose]
      if (own === null) return `${builtIn(LINKED_PAGES[purpose])}#token=${token}`
      return own.includes('#') ? own.replace('{token}', () => token) : `${own}#token=${token}`
    },
    forgotPassword: () => builtIn(FORGOT_PASSWORD_PAGE),
    listensOn(actual) {
      port = actual
    },
  }
}
