import type { CallOrigin, ClientContext, Credential, Identity } from '../contract/identity.js'
import type { Clock } from '../runtime/clock.js'
import type { Answer } from './answer.js'
import type { Route } from './define-route.js'
import type { Door, Shortcut } from './door.js'
import type { RequestDurations } from './request-durations.js'
import type { LimitName } from './route.js'

/** The part of the configuration that HTTP depends on. */
export interface HttpConfig {
  readonly server: {
    readonly publicUrl: string | null
    readonly basePaths: readonly string[]
    readonly trustProxy: readonly string[]
    readonly cors: { readonly origins: readonly string[] }
  }
}

/** What of a logger is needed here; pino's and the project's own fit. */
export interface HttpLogger {
  info(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

/** One request counted against a limit. Times are seconds. */
export interface LimitDecision {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Until the window is over and the quota is whole again. */
  readonly resetSeconds: number
  readonly windowSeconds: number
}

export interface HttpDependencies {
  readonly routes: readonly Route[]
  readonly doors: readonly Door[]
  /** Ahead of routes above. */
  readonly shortcuts?: readonly Shortcut[]
  readonly config: HttpConfig
  readonly logger: HttpLogger
  readonly clock: Clock
  /** Who holds this credential. Throws a `SallyportError` (`invalid_token`, `token_expired`, `session_revoked`, …). */
  readonly authenticate: (
    credential: Credential,
    call: CallOrigin,
    tenantHeader: string | null,
    /** What the credential says is not enough: the session and the account count as they are now. */
    fresh: boolean,
  ) => Promise<Identity>
  /** The same at once, where no more than memory is needed to say yes; null, or absent: `authenticate` has to be asked. */
  readonly recall?: (credential: Credential, tenantHeader: string | null) => Identity | null
  /** The access token that takes the place of the caller's; `null`, at once or later, to leave it as it is. */
  readonly renew?: (
    credential: Credential,
    identity: Identity,
    request: { readonly client: ClientContext },
  ) => Promise<RenewedToken | null> | null
  /**
   * Refuses a request for how it came, before anything else of it counts. Absent: every request may come.
   * @throws SallyportError
   */
  readonly admit?: (call: Pick<DoorCall, 'header' | 'host' | 'remoteAddress'>) => void
  readonly csrf: {
    /** True where the value of `X-CSRF-Token` was made for this caller. */
    verify(identity: Identity, token: string): Promise<boolean>
  }
  /** @throws `SallyportError` `reauthentication_required` where the caller's last authentication is too old */
  readonly assertRecent: (identity: Identity) => Promise<void>
  /** Where it is noted how long answers took. */
  readonly durations: RequestDurations
  readonly limits: {
    /**
     * Counts one request.
     * @param bucket who is counted: an IPv4 address, the /64 of an IPv6 address, or `unknown`
     * @returns `null` where limits are switched off
     */
    consume(name: LimitName, bucket: string): Promise<LimitDecision | null> | LimitDecision | null
  }
}

/** An access token that the server issued by itself. */
export interface RenewedToken {
  readonly accessToken: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Seconds that the cookie lives; null for one that ends with the browser's session. */
  readonly maxAge: number | null
}

/** What is known of the transport below a `Request`; nothing in a library without a server of its own. */
export interface Connection {
  readonly remoteAddress: string | null
}

/** A request as a server has it before any `Request` is built. */
export interface DoorCall {
  readonly method: string
  readonly path: string
  /** Without the question mark; empty where there is none. */
  readonly query: string
  readonly header: (name: string) => string | undefined
  /** That was asked, as the request names it. */
  readonly host: string
  readonly remoteAddress: string | null
}

/** The same with what a route may need beside it. */
export interface Call extends DoorCall {
  /** What is left to read of it; asked for only where there may be one. */
  readonly body: () => ReadableStream<Uint8Array> | null
  /** Aborted once the client has gone away; absent where that is not known. */
  readonly gone?: AbortSignal
}

export interface HttpApp {
  /** Answers one request, doors and routes alike; never throws. */
  fetch(request: Request, connection?: Connection): Promise<Response>
  /** The same without `Request` and `Response`, for a server that can spare them. */
  answer(call: Call): Answer | Promise<Answer>
  /** The answer of a door or a shortcut where one stands at this path, else `null`. */
  knock(call: DoorCall): Answer | Promise<Answer> | null
  /** True for a path, as it was sent, that is answered here even where it leads nowhere. */
  owns(path: string): boolean
  /** The OpenAPI 3.1 document of every route and door. */
  openapi(): OpenApiDocument
}

/** A JSON document; its parts are plain data. */
export type OpenApiDocument = Readonly<Record<string, unknown>>
