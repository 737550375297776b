import type {
  CreateGuestRequest,
  LoginRequest,
  MagicLinkVerifyRequest,
  RegisterRequest,
  Session,
  UpgradeRequest,
  User,
  VerificationRequired,
} from '../contract/api-types.js'
import type { OperationId, Operations } from '../contract/operation-types.js'
import type { ClientErrorCode, SallyportClientError } from './client-error.js'
import type { ClientSocket, SocketConstructor, SocketOptions } from './socket-types.js'
import type { CredentialStorage } from './storage-types.js'

/** The global `fetch`, or one that takes its place. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** How a client is set up. */
export interface ClientOptions {
  /** Where Sallyport answers, such as `https://accounts.example.com`. A path such as `/` means the page's own origin. */
  readonly baseUrl: string | URL
  /** Default: `memoryStorage()`. */
  readonly storage?: CredentialStorage
  /** The base path that the server gives its endpoints (`server.base_paths`). Default: `/auth`. */
  readonly authPath?: string
  /** Sent as `X-Tenant-ID`. Default: none, so the server's default tenant. */
  readonly tenantId?: string
  /** Origins beside that of `baseUrl` that `fetch` sends the credential to, exactly as `URL.origin` spells them. */
  readonly origins?: readonly string[]
  /** Milliseconds until a call is given up. Default: 15,000. */
  readonly timeout?: number
  /** Renew tokens ahead of their end although nothing asks for them, while the page is visible. Default: true. */
  readonly autoRefresh?: boolean
  /** Default: the global one. It must drop `Authorization` on a redirect to another origin, as the Fetch standard says. */
  readonly fetch?: Fetch
  /** Default: the global one. Node 20 has none: hand in the class of the package `ws`. */
  readonly WebSocket?: SocketConstructor
  /** Told of what happens by itself, once for each. An event never holds a token. */
  readonly onEvent?: (event: ClientEvent) => void
}

/** What is known of who is signed in. */
export type SessionState = Loading | SignedIn | SignedOut

/** Nobody knows yet: storage or server has not answered. */
export interface Loading {
  readonly status: 'loading'
}

/** Somebody is signed in. */
export interface SignedIn {
  readonly status: 'signed-in'
  readonly user: User
  /** In stateful mode, once the server has told it. */
  readonly session: Session | null
}

/** Nobody is signed in. */
export interface SignedOut {
  readonly status: 'signed-out'
  /** `logout`, or the code by which the server ended it; null where nobody was signed in. */
  readonly reason: ClientErrorCode | 'logout' | null
}

/** What happens by itself, or in another tab. */
export type ClientEvent =
  | { readonly type: 'signed-in'; readonly user: User }
  | { readonly type: 'signed-out'; readonly reason: ClientErrorCode | 'logout' | null }
  /** The tokens were exchanged, by this tab or by another one. */
  | { readonly type: 'refreshed' }
  /** The exchange did not succeed, and nobody is signed out by that: it will be tried again. */
  | { readonly type: 'refresh-failed'; readonly error: SallyportClientError }

/** Who is signed in, now and from now on. */
export interface SessionPort {
  /** The same object until something changes. */
  current(): SessionState
  /** Hears of every change, the first knowledge included. @returns stops it */
  subscribe(listener: (state: SessionState) => void): () => void
  /**
   * Who is signed in, once that is known.
   * @throws SallyportClientError where the server could not be asked; the state stays `loading`, and is asked for again
   */
  ready(): Promise<SignedIn | SignedOut>
}

/** How a single call is made. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds. Default: that of the client. */
  readonly timeout?: number
}

type Part = 'params' | 'query' | 'body'
type Given<Id extends OperationId, Key extends Part> = Exclude<Operations[Id][Key], undefined>
type RequiredPart<Id extends OperationId> = { [Key in Part]: undefined extends Operations[Id][Key] ? never : Key }[Part]
type OptionalPart<Id extends OperationId> = {
  [Key in Part]: undefined extends Operations[Id][Key] ? ([Given<Id, Key>] extends [never] ? never : Key) : never
}[Part]

/** What an operation takes: `params` of the path, `query` and `body`, as far as it has them. */
export type InputOf<Id extends OperationId> = {
  readonly [Key in RequiredPart<Id>]: Given<Id, Key>
} & { readonly [Key in OptionalPart<Id>]?: Given<Id, Key> }

/** What an operation answers; `undefined` is an empty answer. */
export type AnswerOf<Id extends OperationId> = Operations[Id]['answer']

/** The input may be left out where nothing in it is required. */
export type CallArguments<Id extends OperationId> = [RequiredPart<Id>] extends [never]
  ? [input?: InputOf<Id>, options?: CallOptions]
  : [input: InputOf<Id>, options?: CallOptions]

/** Every endpoint but the exchange of tokens, which `refresh()` does in single flight. */
export type CallableId = Exclude<OperationId, 'refresh' | 'refreshGuest'>

/** Sallyport as a page or a program sees it: who is signed in, every endpoint, authenticated `fetch` and sockets. */
export interface Client {
  readonly session: SessionPort

  /**
   * Any endpoint by its `operationId`. One that needs a credential gets it, and is asked once more after a refresh where
   * the token had ended. Signing in and out by it counts like the functions below.
   * @throws SallyportClientError
   */
  call<Id extends CallableId>(id: Id, ...rest: CallArguments<Id>): Promise<AnswerOf<Id>>

  /** @throws SallyportClientError `email_taken`, `weak_password`, … */
  register(input: Omit<RegisterRequest, 'transport'>, options?: CallOptions): Promise<SignedIn | VerificationRequired>
  /** @throws SallyportClientError `invalid_credentials`, `account_locked`, `mfa_required`, … */
  login(input: Omit<LoginRequest, 'transport'>, options?: CallOptions): Promise<SignedIn>
  /** Signs in by the token of a mailed link. @throws SallyportClientError `invalid_token`, `token_expired`, … */
  loginByLink(input: Omit<MagicLinkVerifyRequest, 'transport'>, options?: CallOptions): Promise<SignedIn>
  /** A session without an account. */
  guest(input?: Omit<CreateGuestRequest, 'transport'>, options?: CallOptions): Promise<SignedIn>
  /** The guest becomes an account; id and name stay. @throws SallyportClientError `email_taken`, `weak_password`, … */
  upgrade(input: Omit<UpgradeRequest, 'transport'>, options?: CallOptions): Promise<SignedIn | VerificationRequired>
  /**
   * Ends the session, in every tab that shares it; with `everywhere` all sessions of the user. With bearer tokens they are
   * forgotten even where the server could not be told, and with cookies they are kept then: only the server can clear them.
   * @throws SallyportClientError where the server could not be told
   */
  logout(options?: { readonly everywhere?: boolean } & CallOptions): Promise<void>
  /** Ends the user's other sessions. @returns how many */
  logoutOthers(options?: CallOptions): Promise<number>
  /**
   * Exchanges the tokens now, once for everybody who asks meanwhile, in whichever tab.
   * @throws SallyportClientError by whose code the session has ended, or `network`, `overloaded`, …, by which it has not
   */
  refresh(): Promise<void>
  /** A token that is good for a while yet, for what `fetch` and `connect` do not reach; null without one, and with cookies. */
  accessToken(): Promise<string | null>

  /**
   * `fetch` for the application's own API: with the credential where the URL is of an allowed origin, and once more after a
   * refresh where the answer is 401. To any other origin it is plain `fetch`.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** A WebSocket that connects again, and shows fresh tokens by itself. @param path default: `/ws` */
  connect(path?: string, options?: SocketOptions): ClientSocket

  /** Stops timers, listeners and sockets; nobody is signed out by it. */
  close(): void
}
