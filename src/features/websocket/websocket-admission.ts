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

/** Counts the connections of this node: all of them, those of each address, and those that are nobody's yet. */
export class SocketAdmission {
  readonly #settings: WebSocketSettings
  readonly #addresses = new Map<string, number>()
  #all = 0
  #unauthenticated = 0
  /** How many were turned away. */
  refused = 0

  constructor(settings: WebSocketSettings) {
    this.#settings = settings
  }

  /** @throws SallyportError `rate_limited` */
  take(address: string | null): Place {
    const { maxConnections, maxConnectionsPerAddress, maxUnauthenticated } = this.#settings
    const bucket = addressBucket(address)
    const held = this.#addresses.get(bucket) ?? 0
    const isFull =
      this.#all >= maxConnections || this.#unauthenticated >= maxUnauthenticated || held >= maxConnectionsPerAddress
    if (isFull) {
      this.refused++
      throw new SallyportError('rate_limited', { detail: 'There are too many connections.', retryAfter: RETRY })
    }
    this.#addresses.set(bucket, held + 1)
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
    }
    return {
      settle,
      free: () => {
        if (state === 'free') return
        settle()
        state = 'free'
        this.#all--
        const left = (this.#addresses.get(bucket) ?? 1) - 1
        if (left > 0) this.#addresses.set(bucket, left)
        else this.#addresses.delete(bucket)
      },
    }
  }
}
