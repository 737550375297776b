import type { ClientContext, Identity } from '../../contract/identity.js'
import type { SallyportError } from '../../contract/sallyport-error.js'

/** How long things take, in milliseconds, and how much there may be, in bytes or in numbers. */
export interface WebSocketSettings {
  readonly authTimeout: number
  readonly maxConnectionsPerUser: number
  readonly maxConnectionsPerAddress: number
  readonly maxConnections: number
  readonly maxUnauthenticated: number
  readonly maxFramesPerSecond: number
  readonly maxBuffered: number
  readonly pingInterval: number
  readonly expiryWarning: number
  readonly onRoleChange: 'push' | 'close'
}

/** What a connection needs of its transport. */
export interface Wire {
  send(text: string): void
  /** Starts the closing handshake; who does not answer it is cut off soon after. */
  close(code: number, reason: string): void
  terminate(): void
  /** A ping of the protocol, which every client answers by itself. */
  ping(): void
  /** Bytes that wait to be sent. */
  bufferedAmount(): number
  /** Bytes that have come in so far: they grow with every sign of life. */
  bytesRead(): number
}

/** One authenticated connection, as server code sees it. */
export interface SocketConnection {
  readonly id: string
  /** Who it belongs to now: roles, name and session may change while it is open. */
  readonly identity: Identity
  /** Where it came from. */
  readonly client: ClientContext
  readonly isOpen: boolean
  /**
   * Sends a value as JSON. False where it was not sent: the connection is closed, its client reads too slowly, or this
   * node has not heard for too long whether the session still stands.
   * @throws SallyportError `invalid_request` for what is no JSON value
   */
  send(message: unknown): boolean
  /**
   * @param code 1000, or 3000 to 4999 (RFC 6455 §7.4.2). Default: 1000
   * @param reason at most 123 bytes of UTF-8
   * @throws RangeError
   */
  close(code?: number, reason?: string): void
  /** Calls `listener` with each frame of the application: an object with a `type` that is not one of the protocol's. */
  onMessage(listener: (message: ApplicationFrame) => unknown): void
  /** Calls `listener` when account, roles or session are others than before. */
  onIdentity(listener: (identity: Identity, before: Identity) => unknown): void
  /** Calls `listener` once when the connection is over. @param code of the closing frame, or 1006 */
  onClose(listener: (code: number) => unknown): void
}

/** A message of the application: a JSON object with a `type` of its own. */
export interface ApplicationFrame {
  readonly type: string
  readonly [field: string]: unknown
}

/** Whom a message is for: one of three, within a tenant (default: the default tenant). */
export type SocketTarget =
  | { readonly userId: string; readonly tenantId?: string }
  | { readonly sessionId: string; readonly tenantId?: string }
  | { readonly tenantId: string }

/** Who asks for a connection, before it is made. */
export interface Visitor {
  readonly client: ClientContext
  /** `X-Tenant-ID` as sent. */
  readonly tenantHeader: string | null
  /** What came with the upgrade: a token, one that could not even be read, or nothing. */
  readonly credential: VisitorToken | SallyportError | null
}

export interface VisitorToken {
  readonly token: string
  readonly viaCookie: boolean
}

/** A connection that may be made. */
export interface Entrance {
  /**
   * Makes it.
   * @param welcome called as soon as the connection has authenticated, before any further frame of it is read; where it
   * throws or rejects, the connection is closed
   */
  accept(wire: Wire, welcome: (connection: SocketConnection) => unknown): Transport
  /** It came to nothing. */
  cancel(): void
}

/** What the transport tells. */
export interface Transport {
  receiveText(text: string): void
  receiveBinary(): void
  /** A ping or pong of the protocol. */
  receiveControl(): void
  closed(code: number): void
}
