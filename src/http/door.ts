import type { ClientContext } from '../contract/identity.js'
import type { HttpConfig } from './http-app-types.js'
import type { Renewable } from './renewal.js'
import type { Reply, RouteDeclaration } from './route.js'

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

/** What of it memory is asked with. */
export type RecallRequest = Pick<DoorRequest, 'query' | 'header'>

export interface DoorReply {
  readonly status: number
  /** Names in lower case and values in turn, beside those of every answer. */
  readonly fields: readonly string[]
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
 * An endpoint ahead of the router, for the hot path. It is asked for every method, does its own authentication, and has
 * no CORS: a 2xx to a forwarded preflight would be an access decision.
 */
export interface Door {
  readonly operation: DoorOperation
  paths(config: HttpConfig): readonly string[]
  /** The answer where memory alone has it, at once; null where it has to be asked properly. Both decide alike. */
  recall?(request: RecallRequest): DoorReply | null
  /** May throw a `SallyportError`; request id and security headers are added to whatever comes back. */
  answer(request: DoorRequest): Promise<DoorReply>
}

/**
 * What memory alone may answer of a route that is read by GET, by the same reply as that route. It is asked for no page of
 * another origin, and all that is not a plain yes is left to the route: refusals, renewals, whatever needs a store.
 */
export interface Shortcut {
  readonly routes: readonly Pick<RouteDeclaration, 'base' | 'path'>[]
  /** False for what is asked so often that nobody would find anything in the log. */
  readonly isLogged: boolean
  /** Null, or a `SallyportError`: the route decides. */
  recall(request: RecallRequest): RecalledReply | null
}

/** What the route would reply, and to whom. */
export interface RecalledReply {
  readonly reply: Pick<Reply, 'status' | 'body'>
  readonly caller: Renewable
}
