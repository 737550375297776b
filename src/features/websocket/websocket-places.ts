import { addressBucket } from '../../runtime/client-address.js'
import type { Storage } from '../../storage/storage.js'
import { allTenants } from '../../storage/tenant-scope.js'
import { type AddressHolder, countAddressesElsewhere, writeAddresses } from './websocket-address-store.js'
import {
  countElsewhere,
  lockPlaces,
  type PlaceHolder,
  removeNode,
  renewNode,
  writePlaces,
} from './websocket-place-store.js'
import { Additions, Tally } from './websocket-tally.js'

/** A node that was killed holds its places for so long, milliseconds. */
const LEASE = 10_000
/** How often to call `keep`, milliseconds. */
export const KEEP = 3_000
const BATCH = 500

/** Whose connection it is, and where from. */
export interface Visit extends PlaceHolder {
  readonly ipAddress: string | null
}

/**
 * Counts the connections of each user and of each address over all nodes. Each node writes how many it holds, so nothing
 * can drift; what comes at the same time is counted in one transaction. While the database is gone each node counts its own.
 */
export interface Places {
  /** False where the user, or the address, has as many as allowed. */
  take(visit: Visit): Promise<boolean>
  free(visit: Visit): void
  /** Tells that this node is alive, where it holds any. */
  keep(): Promise<void>
  /** Gives everything back. */
  close(): Promise<void>
}

interface Claim extends PlaceHolder, AddressHolder {
  readonly answer: (granted: boolean) => void
}

/** What was found of a batch: who may come in, and what that adds. */
interface Decision {
  readonly granted: ReadonlySet<Claim>
  readonly users: Additions<PlaceHolder>
  readonly addresses: Additions<AddressHolder>
}

type Counts = ReadonlyMap<string, number>

export function createPlaces(parts: {
  readonly storage: Storage
  readonly nodeId: string
  readonly maxPerUser: number
  readonly maxPerAddress: number
  readonly complain: (error: unknown) => void
}): Places {
  const { storage, nodeId, complain } = parts
  const users = new Tally<PlaceHolder>(parts.maxPerUser)
  const addresses = new Tally<AddressHolder>(parts.maxPerAddress)
  let claims: Claim[] = []
  let working: Promise<void> | null = null
  let isAlive = false

  /** Each claim of the batch is counted after those before it. */
  function decide(batch: readonly Claim[], ofUsers: Counts, ofAddresses: Counts): Decision {
    const decision = {
      granted: new Set<Claim>(),
      users: new Additions<PlaceHolder>(),
      addresses: new Additions<AddressHolder>(),
    }
    for (const claim of batch) {
      const { tenantId, userId, address } = claim
      const hasRoom =
        users.hasRoom(userId, (ofUsers.get(userId) ?? 0) + decision.users.of(userId)) &&
        addresses.hasRoom(address, (ofAddresses.get(address) ?? 0) + decision.addresses.of(address))
      if (!hasRoom) continue
      decision.granted.add(claim)
      decision.users.add(userId, { tenantId, userId })
      decision.addresses.add(address, { address })
    }
    return decision
  }

  /** False where the database did not take it. */
  async function work(): Promise<boolean> {
    const batch = claims.splice(0, BATCH)
    const changed = { users: users.takeChanged(BATCH), addresses: addresses.takeChanged(BATCH) }
    try {
      const scope = allTenants()
      const { granted } = await storage.transaction(async (tx) => {
        await lockPlaces(scope, tx, storage)
        const isKnown = await renewNode(scope, tx, storage, nodeId, LEASE)
        const decided = decide(
          batch,
          await countElsewhere(scope, tx, storage, nodeId, distinct(batch.map(({ userId }) => userId))),
          await countAddressesElsewhere(scope, tx, storage, nodeId, distinct(batch.map(({ address }) => address))),
        )
        // What had been written under a lease that ran out may be gone.
        const all = <Row>(tally: Tally<Row>, some: Map<string, Row>) =>
          isKnown ? some : new Map([...tally.all(), ...some])
        for (const counts of slices(users.countsOf(all(users, changed.users), decided.users))) {
          await writePlaces(scope, tx, nodeId, counts)
        }
        for (const counts of slices(addresses.countsOf(all(addresses, changed.addresses), decided.addresses))) {
          await writeAddresses(scope, tx, nodeId, counts)
        }
        return decided
      })
      isAlive = true
      settle(batch, granted)
      return true
    } catch (error) {
      complain(error)
      // Nobody is turned away for an outage: this node's own count decides, and is written when it can be.
      const decided = decide(batch, new Map(), new Map())
      users.putBack(new Map([...changed.users, ...decided.users.rows]))
      addresses.putBack(new Map([...changed.addresses, ...decided.addresses.rows]))
      settle(batch, decided.granted)
      return false
    }
  }

  function settle(batch: readonly Claim[], granted: ReadonlySet<Claim>): void {
    for (const { tenantId, userId, address } of granted) {
      users.add(userId, { tenantId, userId })
      addresses.add(address, { address })
    }
    for (const claim of batch) claim.answer(granted.has(claim))
  }

  function start(): Promise<void> {
    working ??= (async () => {
      // What comes in the same moment goes along.
      await new Promise((resolve) => setImmediate(resolve))
      for (;;) {
        const isWritten = await work()
        if (claims.length === 0 && (!isWritten || !(users.hasChanged || addresses.hasChanged))) return
      }
    })().finally(() => {
      working = null
    })
    return working
  }

  async function leave(): Promise<void> {
    if (!isAlive) return
    isAlive = false
    await storage.transaction((tx) => removeNode(allTenants(), tx, nodeId))
  }

  return {
    take: ({ tenantId, userId, ipAddress }) =>
      new Promise((answer) => {
        claims.push({ tenantId, userId, address: addressBucket(ipAddress), answer })
        void start()
      }),

    free({ tenantId, userId, ipAddress }) {
      const address = addressBucket(ipAddress)
      users.remove(userId, { tenantId, userId })
      addresses.remove(address, { address })
      void start()
    },

    keep: () => (users.isIdle && addresses.isIdle ? leave() : start()),

    async close() {
      await working
      claims = []
      users.clear()
      addresses.clear()
      await leave()
    },
  }
}

function distinct(keys: readonly string[]): string[] {
  return [...new Set(keys)]
}

/** A statement takes only so many parameters. */
function slices<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / BATCH)
  return Array.from({ length: count }, (_, at) => rows.slice(at * BATCH, (at + 1) * BATCH))
}
