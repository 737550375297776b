import type { Storage } from '../../storage/storage.js'
import { allTenants } from '../../storage/tenant-scope.js'
import {
  countElsewhere,
  lockPlaces,
  type PlaceCount,
  type PlaceHolder,
  removeNode,
  renewNode,
  writePlaces,
} from './websocket-place-store.js'

/** A node that was killed holds its places for so long, milliseconds. */
const LEASE = 10_000
/** How often to call `keep`, milliseconds. */
export const KEEP = 3_000
const BATCH = 500

/**
 * Counts the connections of each user over all nodes. Each node writes how many it holds, so nothing can drift; what
 * comes at the same time is counted in one transaction. While the database is gone each node counts its own.
 */
export interface Places {
  /** False where the user has as many as allowed. */
  take(holder: PlaceHolder): Promise<boolean>
  free(holder: PlaceHolder): void
  /** Tells that this node is alive, where it holds any. */
  keep(): Promise<void>
  /** Gives everything back. */
  close(): Promise<void>
}

interface Claim extends PlaceHolder {
  readonly answer: (granted: boolean) => void
}

export function createPlaces(parts: {
  readonly storage: Storage
  readonly nodeId: string
  readonly max: number
  readonly complain: (error: unknown) => void
}): Places {
  const { storage, nodeId, max, complain } = parts
  /** What this node holds, granted and not given back. */
  const held = new Map<string, { readonly tenantId: string; count: number }>()
  /** Users whose count is not written as it is now. */
  const changed = new Map<string, string>()
  let claims: Claim[] = []
  let working: Promise<void> | null = null
  let isAlive = false

  const heldBy = (userId: string) => held.get(userId)?.count ?? 0

  function add({ tenantId, userId }: PlaceHolder, difference: number): void {
    const count = heldBy(userId) + difference
    if (count > 0) held.set(userId, { tenantId, count })
    else held.delete(userId)
  }

  /** Those of the batch that are granted, each counted after those before it. */
  function decide(batch: readonly Claim[], elsewhere: ReadonlyMap<string, number>): ReadonlySet<Claim> {
    const granted = new Set<Claim>()
    const taken = new Map<string, number>()
    for (const claim of batch) {
      const before = taken.get(claim.userId) ?? 0
      if (heldBy(claim.userId) + (elsewhere.get(claim.userId) ?? 0) + before >= max) continue
      granted.add(claim)
      taken.set(claim.userId, before + 1)
    }
    return granted
  }

  function countsOf(users: ReadonlyMap<string, string>, granted: ReadonlySet<Claim>): PlaceCount[] {
    const claimed = new Map(users)
    for (const { userId, tenantId } of granted) claimed.set(userId, tenantId)
    return [...claimed].map(([userId, tenantId]) => {
      const more = [...granted].filter((claim) => claim.userId === userId).length
      return { tenantId, userId, count: heldBy(userId) + more }
    })
  }

  /** False where the database did not take it. */
  async function work(): Promise<boolean> {
    const batch = claims.splice(0, BATCH)
    const written = new Map([...changed].slice(0, BATCH))
    for (const userId of written.keys()) changed.delete(userId)
    try {
      const scope = allTenants()
      const granted = await storage.transaction(async (tx) => {
        await lockPlaces(scope, tx, storage)
        const isKnown = await renewNode(scope, tx, storage, nodeId, LEASE)
        const users = batch.map(({ userId }) => userId)
        const decided = decide(batch, await countElsewhere(scope, tx, storage, nodeId, users))
        const all = isKnown ? written : new Map([...held].map(([userId, { tenantId }]) => [userId, tenantId]))
        const counts = countsOf(new Map([...all, ...written]), decided)
        for (let at = 0; at < counts.length; at += BATCH) {
          await writePlaces(scope, tx, nodeId, counts.slice(at, at + BATCH))
        }
        return decided
      })
      isAlive = true
      settle(batch, granted)
      return true
    } catch (error) {
      complain(error)
      // Nobody is turned away for an outage: this node's own count decides, and is written when it can be.
      for (const [userId, tenantId] of written) changed.set(userId, tenantId)
      const granted = decide(batch, new Map())
      for (const { userId, tenantId } of granted) changed.set(userId, tenantId)
      settle(batch, granted)
      return false
    }
  }

  function settle(batch: readonly Claim[], granted: ReadonlySet<Claim>): void {
    for (const claim of granted) add(claim, 1)
    for (const claim of batch) claim.answer(granted.has(claim))
  }

  function start(): Promise<void> {
    working ??= (async () => {
      // What comes in the same moment goes along.
      await new Promise((resolve) => setImmediate(resolve))
      for (;;) {
        const isWritten = await work()
        if (claims.length === 0 && (!isWritten || changed.size === 0)) return
      }
    })().finally(() => {
      working = null
    })
    return working
  }

  return {
    take: (holder) =>
      new Promise((answer) => {
        claims.push({ ...holder, answer })
        void start()
      }),

    free(holder) {
      add(holder, -1)
      changed.set(holder.userId, holder.tenantId)
      void start()
    },

    async keep() {
      if (held.size > 0 || changed.size > 0) return start()
      if (!isAlive) return
      isAlive = false
      await storage.transaction((tx) => removeNode(allTenants(), tx, nodeId))
    },

    async close() {
      await working
      claims = []
      held.clear()
      changed.clear()
      if (!isAlive) return
      isAlive = false
      await storage.transaction((tx) => removeNode(allTenants(), tx, nodeId))
    },
  }
}
