import type { Fetch } from './client-types.js'
import type { SocketConstructor } from './socket-types.js'

/** As much of `localStorage` as is used. */
export interface KeyValues {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** As much of `navigator.locks` as is used (Web Locks API). */
export interface Locks {
  request(name: string, options: { readonly signal: AbortSignal }, run: () => Promise<void>): Promise<unknown>
}

/** As much of a `BroadcastChannel` as is used. */
export interface Channel {
  postMessage(message: unknown): void
  onmessage(event: { readonly data: unknown }): void
  close(): void
}

/** What a page hears that a session has to look up for; `pageshow`: it was away, and heard nothing. */
export type PageEvent = 'visibilitychange' | 'online' | 'pageshow' | 'storage'

/** The place the client runs in. Everything is looked up when it is asked for: to import the client touches nothing. */
export interface Surroundings {
  /** Milliseconds; only differences count. */
  now(): number
  random(): number
  /**
   * @param isAwaited true where a program of Node is to go on for it
   * @returns cancels it
   */
  later(milliseconds: number, run: () => void, isAwaited?: boolean): () => void
  fetch(): Fetch
  socket(): SocketConstructor | null
  locks(): Locks | null
  channel(name: string): Channel | null
  keyValues(): KeyValues | null
  /** The address of the page, where there is one. */
  address(): string | undefined
  isHidden(): boolean
  /** @returns stops it */
  listen(listener: (event: PageEvent) => void): () => void
}

type Listen = (type: PageEvent, listener: (event: { readonly persisted?: boolean }) => void) => void

/** The globals of browsers, by what is used of them: the server is compiled without the DOM's types. */
interface Globals {
  readonly fetch: Fetch
  readonly localStorage?: KeyValues
  readonly navigator?: { readonly locks?: Locks }
  readonly location?: { readonly href: string }
  readonly document?: { readonly visibilityState?: string }
  readonly BroadcastChannel?: new (name: string) => Channel
  readonly WebSocket?: SocketConstructor
  readonly addEventListener?: Listen
  readonly removeEventListener?: Listen
}

const PAGE_EVENTS: readonly PageEvent[] = ['visibilitychange', 'online', 'pageshow', 'storage']
/** The longest that `setTimeout` can count to. */
const LONGEST_TIMER = 2 ** 31 - 1

const globals = (): Globals => globalThis

export const surroundings: Surroundings = {
  now: () => Date.now(),
  random: () => Math.random(),
  later(milliseconds, run, isAwaited = false) {
    const timer = setTimeout(run, Math.min(milliseconds, LONGEST_TIMER))
    // In Node: a number in browsers.
    if (typeof timer === 'object' && !isAwaited) timer.unref()
    return () => clearTimeout(timer)
  },
  fetch: () => globals().fetch,
  socket: () => globals().WebSocket ?? null,
  locks: () => globals().navigator?.locks ?? null,
  channel(name) {
    const { BroadcastChannel, addEventListener } = globals()
    // In Node nobody else is there to be heard, and it would keep the process.
    return BroadcastChannel && addEventListener ? new BroadcastChannel(name) : null
  },
  keyValues() {
    try {
      return globals().localStorage ?? null
    } catch {
      // A browser that blocks cookies throws here.
      return null
    }
  },
  address: () => globals().location?.href,
  isHidden: () => globals().document?.visibilityState === 'hidden',
  listen(listener) {
    const stops = PAGE_EVENTS.map((type) => {
      // A page is shown when it is loaded as well.
      const hear = ({ persisted = true }) => listener(persisted ? type : 'online')
      globals().addEventListener?.(type, hear)
      return () => globals().removeEventListener?.(type, hear)
    })
    return () => {
      for (const stop of stops) stop()
    }
  },
}
