import type { z } from 'zod'
import type { ErrorCode } from '../contract/error-codes.js'
import type { ClientContext, Credential, Identity } from '../contract/identity.js'
import type { HeaderGetter } from './credentials.js'

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/** `auth` paths stand under every `server.base_paths`; `root` paths stand as they are. */
export type Base = 'auth' | 'root'

/**
 * What defends a cookie-carrying request (contract §2): `origin` checks Origin and Fetch-Metadata whoever calls;
 * `token` does so and asks for `X-CSRF-Token` where a cookie authenticates; `none` is for safe methods alone.
 */
export type CsrfGuard = 'none' | 'origin' | 'token'

/** A limit that `limits` configures. */
export type LimitName = 'hashing' | 'guests' | 'refresh' | 'mail' | 'links'

export interface Guard {
  /** `required`: `identity` is there or the answer is 401. `none`: the route reads credentials by itself, if at all. */
  readonly authentication: 'none' | 'required'
  /** True where a guest's token is taken, and that of anybody with an account refused. */
  readonly guestsOnly?: boolean
  readonly csrf: CsrfGuard
  /** The session and the account count as they are now, not as the credential tells; so it is for every write. */
  readonly fresh?: true
  /** A named limit of `limits`, counted for each address before anything costly. */
  readonly limit?: LimitName
  /** True for what endangers the account: the caller must have authenticated within `auth.reauthentication_max_age`. */
  readonly recentAuthentication?: true
  /** Permissions the caller must have, all of them. */
  readonly permissions?: readonly string[]
}

/** What a handler is given. Everything in it has been parsed and checked. */
export interface RouteRequest<Body, Query, Params, Who> {
  readonly body: Body
  readonly query: Query
  readonly params: Params
  readonly identity: Who
  /** The credential as it came, believed or not; `null` where none was sent. */
  readonly credential: Credential | null
  /** Every value sent for the session cookie, believed or not. */
  readonly sessionCookies: readonly string[]
  /** The refresh token of the refresh cookie, where there is one. */
  readonly refreshCookie: string | null
  readonly client: ClientContext
  /** `X-Tenant-ID` as sent. */
  readonly tenantHeader: string | null
  readonly header: HeaderGetter
}

/** Cookies to set or clear beside the answer; names and attributes are the cookie jar's business. */
export type CookieChange =
  | {
      readonly kind: 'set'
      readonly accessToken: string
      /** Null for who has none: one of somebody else is cleared. */
      readonly refreshToken: string | null
      readonly maxAge: number | null
      /** What makes the browser known from now on, after a sign-in. */
      readonly device?: string
    }
  | { readonly kind: 'access'; readonly accessToken: string; readonly maxAge: number | null }
  /** What links in mails are bound to that this browser asks for. */
  | { readonly kind: 'magic_link'; readonly value: string; readonly maxAge: number }
  | { readonly kind: 'clear' }

export interface Reply {
  readonly status: number
  /** Sent as JSON in the names of the wire; absent for an empty answer. */
  readonly body?: unknown
  /** Sent as it is, instead of JSON: a page, a file, a key set that is already text. */
  readonly raw?: { readonly contentType: string; readonly content: string | Uint8Array<ArrayBuffer> }
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: CookieChange
}

export interface ResponseDeclaration {
  readonly description: string
  readonly schema?: z.ZodType
  /** Where it is not JSON. */
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface RouteDeclaration<
  Body extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Params extends z.ZodType = z.ZodType,
  Authentication extends 'none' | 'required' = 'none' | 'required',
> {
  readonly method: Method
  readonly base: Base
  /**
   * Where it answers when operators have a port of their own (`server.admin_port`): `main` (the default) for what users
   * reach, `admin` for what is theirs alone. Without such a port everything answers on the main one.
   */
  readonly listener?: 'main' | 'admin' | 'both'
  /** In OpenAPI's spelling: `/sessions/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly tag: string
  readonly guard: Guard & { readonly authentication: Authentication }
  readonly body?: Body
  /** True where an absent body is legal and stands for `{}`. */
  readonly bodyOptional?: boolean
  readonly query?: Query
  readonly params?: Params
  readonly responses: Readonly<Record<number, ResponseDeclaration>>
  /** Codes beyond those that the guard, the body and the server can give by themselves. */
  readonly errors: readonly ErrorCode[]
  readonly handle: (
    request: RouteRequest<
      z.output<Body>,
      z.output<Query>,
      z.output<Params>,
      Authentication extends 'required' ? Identity : Identity | null
    >,
  ) => Promise<Reply>
}
