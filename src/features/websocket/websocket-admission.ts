import { SallyportError } from '../../contract/sallyport-error.js'
import { addressBucket } from '../../runtime/client-address.js'
import type { WebSocketSettings } from './websocket-types.js'

/** A place among the connections of this node. */
export interface Place {
  /** It has authenticated: it no longer counts among those that have not. */
  settle(): void
  /** Does nothing the second time. */
  free(): void
}

/** Seconds after which another attempt may have more luck. */
const RETRY = 5

type Limits = Pick<WebSocketSettings, 'maxConnections' | 'maxConnectionsPerAddress' | 'maxUnauthenticated'>

/** Counts the connections of this node: all of them, those of each address, and those that are nobody's yet. */
export class SocketAdmission {
  readonly #limits: Limits
  readonly #addresses = new Map<string, number>()
  /** Of each address, those that have not authenticated. */
  readonly #strangers = new Map<string, number>()
  #all = 0
  #unauthenticated = 0
  /** How many were turned away. */
  refused = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** @throws SallyportError `rate_limited` */
  take(address: string | null): Place {
    const { maxConnections, maxConnectionsPerAddress, maxUnauthenticated } = this.#limits
    const bucket = addressBucket(address)
    const held = this.#addresses.get(bucket) ?? 0
    const strangers = this.#strangers.get(bucket) ?? 0
    // Nobody holds more of these than a third of what is left to others: who opens as many as he can shuts nobody out.
    const isCrowded = strangers >= (maxUnauthenticated - this.#unauthenticated) / 3
    if (this.#all >= maxConnections || held >= maxConnectionsPerAddress || isCrowded) {
      this.refused++
      throw new SallyportError('rate_limited', { detail: 'There are too many connections.', retryAfter: RETRY })
    }
    this.#addresses.set(bucket, held + 1)
    this.#strangers.set(bucket, strangers + 1)
    this.#all++
    this.#unauthenticated++
    return this.#placeOf(bucket)
  }

  #placeOf(bucket: string): Place {
    let state: 'new' | 'settled' | 'free' = 'new'
    const settle = () => {
      if (state !== 'new') return
      state = 'settled'
      this.#unauthenticated--
      lower(this.#strangers, bucket)
    }
    return {
      settle,
      free: () => {
        if (state === 'free') return
        settle()
        state = 'free'
        this.#all--
        lower(this.#addresses, bucket)
      },
    }
  }
}

function lower(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}
