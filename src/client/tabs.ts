import type { User } from '../contract/api-types.js'
import { isRecord } from './json.js'
import type { StoredSession } from './storage-types.js'
import { isStoredSession } from './storages.js'
import type { Channel, Surroundings } from './surroundings.js'

/** What tabs tell each other. Never a token: whoever may read the storage finds them there. */
export interface TabMessage {
  /** Without tokens: what the tabs share from now on. Absent where they share nothing. */
  readonly session?: StoredSession | null
  /** A user whose other sessions were all ended. */
  readonly revoked?: User['id']
}

export interface Tabs {
  /** One tab at a time. Where a tab does not let go in time, or two came at once, the server's grace bears it. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
  tell(message: TabMessage): void
  listen(hear: (message: TabMessage) => void): void
  /** False where the place has nothing that they could be heard by. */
  isHeard(): boolean
  close(): void
}

/** Milliseconds: longer than an exchange can take. */
const LONGEST_WAIT = 25_000
/** Milliseconds between two looks at whether another tab is done. */
const LOOK = 100

export function createTabs(name: () => string, isShared: boolean, surroundings: Surroundings): Tabs {
  let channel: Channel | null = null

  /** Without Web Locks, which plain http has not: a note in `localStorage` of who is at it, and until when at most. */
  async function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const keyValues = surroundings.keyValues()
    const key = `${name()} turn`
    const left = () => Number(keyValues?.getItem(key)) - surroundings.now()
    // One that ends later than any turn was noted by another clock.
    while (left() > 0 && left() <= LONGEST_WAIT) {
      await new Promise<void>((next) => void surroundings.later(LOOK * (1 + surroundings.random()), next))
    }
    keyValues?.setItem(key, String(surroundings.now() + LONGEST_WAIT))
    try {
      return await run()
    } finally {
      keyValues?.removeItem(key)
    }
  }

  return {
    async exclusively(run) {
      if (!isShared) return run()
      const locks = surroundings.locks()
      if (!locks) return inTurn(run)
      const waiting = new AbortController()
      const cancel = surroundings.later(LONGEST_WAIT, () => waiting.abort())
      let running: ReturnType<typeof run> | undefined
      try {
        await locks.request(name(), { signal: waiting.signal }, async () => {
          cancel()
          running = run()
          await running
        })
      } catch {
        // What `run` threw is given below; else nobody let go in time.
      }
      return running ?? run()
    },
    tell: (message) => channel?.postMessage(message),
    listen(hear) {
      channel ??= surroundings.channel(name())
      if (channel) {
        channel.onmessage = ({ data }) => {
          if (isRecord(data) && (!data['session'] || isStoredSession(data['session']))) hear(data)
        }
      }
    },
    isHeard: () => !!channel,
    close() {
      channel?.close()
      channel = null
    },
  }
}
