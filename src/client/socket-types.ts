import type { SocketHolder } from '../contract/socket-frames.js'

/** As much of the WebSocket of browsers, Node 22 and the package `ws` as is used. */
export interface SocketLike {
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  send(text: string): void
  close(code?: number, reason?: string): void
}

/** The class `WebSocket`, of the page or of the package `ws`. */
export type SocketConstructor = new (url: string) => SocketLike

/** A frame of the application: JSON with a `type`. */
export interface ApplicationFrame {
  readonly type: string
  readonly [member: string]: unknown
}

/** How a socket is set up. */
export interface SocketOptions {
  /** Milliseconds of silence after which it pings, and as long again until it gives the connection up. Default: 30,000. */
  readonly pingInterval?: number
  /** Further close codes, of the application's own, after which it does not connect again. */
  readonly finalCodes?: readonly number[]
}

/** What becomes of a connection. */
export type SocketEvent =
  /** Authenticated: after the first connection and each one again. */
  | { readonly type: 'open'; readonly holder: SocketHolder }
  /** The account was changed, or a guest became one. */
  | { readonly type: 'user-updated'; readonly holder: SocketHolder }
  | { readonly type: 'message'; readonly frame: ApplicationFrame }
  /** The frame before was refused (`unavailable`, …): it may be sent again. */
  | { readonly type: 'refused'; readonly code: string }
  /** The connection has gone. `final`: it does not come again by itself. */
  | { readonly type: 'close'; readonly code: number; readonly reason: string; readonly final: boolean }

/** A WebSocket that connects again by itself, and shows fresh tokens. */
export interface ClientSocket {
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed'
  /** False where it is not open: nothing is kept to be sent later. */
  send(frame: ApplicationFrame): boolean
  /** @returns stops it */
  subscribe(listener: (event: SocketEvent) => void): () => void
  /** For good. */
  close(): void
}
