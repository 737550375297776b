import type { AccessClaims } from '../contract/access-claims.js'
import type { Credential, Identity } from '../contract/identity.js'
import type { Answer } from './answer.js'
import type { Call, DoorCall } from './http-app-types.js'
import type { CsrfGuard } from './route.js'

/** What a route of the host application asks of its caller. Of several roles or permissions the caller must have all. */
export interface Demand {
  /** `optional` lets in who has no credential, or none that is good for anything, without an identity. */
  readonly mode: 'require' | 'optional'
  readonly roles?: readonly string[]
  readonly permissions?: readonly string[]
  /** The session and the account count as the database has them now, not as the credential tells. */
  readonly fresh?: boolean
  /** The caller must have authenticated within `auth.reauthentication_max_age`. */
  readonly recentAuthentication?: boolean
  /** What defends an unsafe method that came with a cookie, see `CsrfGuard`. Default: `origin`. */
  readonly csrf?: CsrfGuard
}

/** What of a request decides who is let in. */
export type GuardCall = Pick<DoorCall, 'method' | 'header' | 'host' | 'remoteAddress'>

/** Whom a guard has let in, and what the answer is to carry for that. */
export interface Admitted {
  readonly identity: Identity | null
  /** What the identity was told by; null where there is none. */
  readonly credential: Credential | null
  /** For the host's answer: names in lower case and values in turn. `set-cookie` and `vary` are to be added to what it has. */
  readonly fields: readonly string[]
}

/** What a guard has decided: let in, or an answer that refuses. */
export type Guarded = Admitted | { readonly refusal: Answer }

/** What the adapters stand on: Sallyport beside the routes of a host application, without a `Request` where none is needed. */
export interface Host {
  /** True for a path, as it was sent, that is Sallyport's: all below a base path, and its own beside them. */
  owns(path: string): boolean
  /** The whole HTTP surface. Never rejects. */
  answer(call: Call): Promise<Answer>
  /**
   * Who is calling a route of the host's own. Refusals come in the order of contract §1: authentication, CSRF, role and
   * permission, recent authentication. Never throws or rejects; where memory can answer, it does so at once.
   * @param before what an earlier guard of the same request found
   */
  guard(call: GuardCall, demand: Demand, before?: Admitted | null): Guarded | Promise<Guarded>
  /** What somebody is answered whose request ended in this error: a `SallyportError` as it says, all else `internal`. */
  refuse(call: Pick<GuardCall, 'method' | 'header'>, error: unknown): Answer
  /** What a JWT says that `guard` has let in. Null for an opaque token. */
  claimsOf(admitted: Admitted): AccessClaims | null
}
