import type { ClientContext } from '../contract/identity.js'
import type { HttpConfig } from './http-app-types.js'
import type { Renewable } from './renewal.js'
import type { RouteDeclaration } from './route.js'

/** A request at a door: no `Request`, no body, only what the answer depends on. */
export interface DoorRequest {
  readonly method: string
  readonly path: string
  /** Without the question mark; empty where there is none. */
  readonly query: string
  readonly header: (name: string) => string | undefined
  /** The peer of the connection; `client.ipAddress` is who it speaks for. */
  readonly remoteAddress: string | null
  readonly client: ClientContext
}

export interface DoorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** Who was let in: whose token is due for another one gets it with the answer, as from a route. */
  readonly caller?: Renewable
}

/** What OpenAPI says of a door. */
export type DoorOperation = Pick<
  RouteDeclaration,
  'operationId' | 'summary' | 'tag' | 'query' | 'responses' | 'errors'
> & { readonly authentication: 'none' | 'required' }

/**
 * An endpoint ahead of the router, for the hot path. It is asked for every method unless it `takes` some alone, does its
 * own authentication, and has no CORS: a 2xx to a forwarded preflight would be an access decision.
 */
export interface Door {
  /** Null where a route stands at the same path, answers alike and is documented: the door spares it the usual calls. */
  readonly operation: DoorOperation | null
  /** False for what is left to the route behind. */
  takes?(call: Pick<DoorRequest, 'method' | 'header'>): boolean
  paths(config: HttpConfig): readonly string[]
  /** May throw a `SallyportError`; request id and security headers are added to whatever comes back. */
  answer(request: DoorRequest): Promise<DoorReply>
}
