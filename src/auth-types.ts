import type { Api } from './api-types.js'
import type { Config } from './config/config.js'
import type { Identity } from './contract/identity.js'
import type { MailTransport } from './delivery/mail-message.js'
import type { HealthService } from './features/health/health-service.js'
import type { Keyring } from './features/keys/key-service.js'
import type { LinkService } from './features/links/link-service.js'
import type { SessionService } from './features/sessions/session-service.js'
import type { TokenService } from './features/tokens/token-service.js'
import type { Host } from './http/host-types.js'
import type { HttpApp } from './http/http-app-types.js'
import type { Sent } from './http/sent-headers.js'
import type { Clock } from './runtime/clock.js'
import type { Logger } from './runtime/logger.js'
import type { Sockets } from './sockets.js'
import type { Storage } from './storage/storage.js'

/** What `createAuth` gives: Sallyport as a part of your own program. */
export interface Auth {
  /**
   * Answers a request of the whole HTTP surface: mount it where the base paths, `/users`, `/session`, `/health` and
   * `/.well-known` lead. It never throws: a refusal is an answer (RFC 9457).
   * @param connection the peer's address, for limits, device lists and the audit log; a `Request` does not hold it
   */
  handler(request: Request, connection?: { readonly remoteAddress: string | null }): Promise<Response>
  /** Every endpoint as a typed call, without HTTP. A refusal is thrown as a `SallyportError`. */
  readonly api: Api
  /**
   * Who is calling, or null: no credential, or none that is good for anything. The `Authorization` header alone counts
   * where there is one, else the session cookie.
   * @param request a request of your own server (of the Fetch standard, or as Node.js has it), or its headers
   * @param connection the peer's address, as for `handler`: without it nobody meets `auth.session.binding: network`
   * @throws SallyportError `forbidden` where `X-Tenant-ID` names another tenant than the token's; `unavailable` while
   *   the database is gone
   */
  authenticate(request: Sent, connection?: { readonly remoteAddress: string | null }): Promise<Identity | null>
  /** Sends to the connections that `sallyport/ws` has authenticated, at whichever node they are. */
  readonly sockets: Sockets
  /** What the adapters for frameworks stand on (`sallyport/express` and the like), and an adapter of your own can. */
  readonly host: Host
  /** What `GET /metrics` answers, for a host with a page of its own: Prometheus' text format 0.0.4. */
  metrics(): Promise<string>
  /** Writes what is pending, and closes the database. */
  close(): Promise<void>
}

/** What a process of ours works with; the library shows `auth` alone. */
export interface Composition {
  readonly auth: Auth
  readonly app: HttpApp
  /** What `server.admin_port` answers; null where it is not set. */
  readonly adminApp: HttpApp | null
  readonly config: Config
  readonly storage: Storage
  readonly keyring: Keyring
  readonly links: LinkService
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly health: HealthService
  /** Cleans up once; null where another node is at it. */
  readonly cleanUp: () => Promise<{ readonly removed: number; readonly isThrough: boolean } | null>
  readonly flush: () => Promise<void>
  readonly sync: () => Promise<void>
  /** Sends what is due, and waits for it. */
  readonly sendMail: () => Promise<void>
  /** Looks after the WebSocket connections once, as happens four times a second. */
  readonly round: () => Promise<void>
  /** Closes them with 1012. */
  readonly drainSockets: () => Promise<void>
}

/** What the library takes from its host, beside the configuration. */
export interface Surroundings {
  readonly logger?: Logger
  readonly clock?: Clock
  /** Takes the messages instead of the mail server of the configuration, such as a provider's HTTP interface. */
  readonly mailTransport?: MailTransport
}
