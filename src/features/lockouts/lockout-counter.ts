import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import type { AuditService } from '../audit/audit-service.js'
import type { RecordEvent } from '../audit/audit-types.js'
import {
  type BucketPolicy,
  type BucketState,
  cleared,
  EMPTY_BUCKET,
  endOf,
  failed,
  isFull,
  isLocked,
  released,
  reserved,
  settle,
} from './lockout-bucket.js'
import { prepareCountedBuckets, type StoredBuckets } from './lockout-counted.js'
import type { BucketName } from './lockout-store.js'

export type Outcome =
  | { readonly kind: 'reserved' }
  /** What is left is reserved by attempts that are not decided yet. */
  | { readonly kind: 'full' }
  /** @property milliseconds until it can succeed again */
  | { readonly kind: 'locked'; readonly bucket: BucketName; readonly milliseconds: number }

/** Counts attempts in all of their buckets at once, each step in one transaction that holds the buckets' rows. */
export interface LockoutCounter {
  /** Why no attempt can be reserved just now, read in passing; null where only `reserve` can tell. */
  look(buckets: readonly BucketName[]): Promise<Exclude<Outcome, { kind: 'reserved' }> | null>
  /** Reserves an attempt in every bucket, or in none. */
  reserve(buckets: readonly BucketName[], client: ClientContext): Promise<Outcome>
  fail(
    tx: Transaction<Tables>,
    record: RecordEvent,
    buckets: readonly BucketName[],
    client: ClientContext,
  ): Promise<void>
  succeed(tx: Transaction<Tables>, buckets: readonly BucketName[]): Promise<void>
  release(buckets: readonly BucketName[]): Promise<void>
}

interface Counted {
  readonly bucket: BucketName
  readonly policy: BucketPolicy
  readonly before: BucketState
  readonly state: BucketState
}

export function createLockoutCounter(parts: {
  readonly storage: Storage
  readonly audit: AuditService
  readonly policyOf: (bucket: BucketName) => BucketPolicy
}): LockoutCounter {
  const { storage, audit, policyOf } = parts
  const store = prepareCountedBuckets(storage)

  function settled({ states, now }: StoredBuckets, buckets: readonly BucketName[]): readonly Counted[] {
    return buckets.map((bucket) => {
      const policy = policyOf(bucket)
      const before = states.get(bucket.key) ?? EMPTY_BUCKET
      return { bucket, policy, before, state: settle(before, policy, now) }
    })
  }

  function outcomeOf(counted: readonly Counted[], now: number): Outcome {
    const locked = counted.filter(({ state }) => isLocked(state, now))
    const [first] = locked
    if (first !== undefined) {
      const milliseconds = Math.max(...locked.map(({ state }) => state.lockedUntil - now))
      return { kind: 'locked', bucket: first.bucket, milliseconds }
    }
    return { kind: counted.some(({ state, policy }) => isFull(state, policy)) ? 'full' : 'reserved' }
  }

  function write(tx: Transaction<Tables>, counted: readonly Counted[]): Promise<void> {
    return store.write(
      tx,
      counted.map(({ bucket, policy, state }) => ({ bucket, state, end: endOf(state, policy) })),
    )
  }

  /** One lockout is told once, though the identifier and its pair with the address may have been locked by one guess. */
  async function recordLockout(
    record: RecordEvent,
    counted: readonly Counted[],
    client: ClientContext,
    now: number,
  ): Promise<void> {
    const found = counted.find(
      ({ bucket, before, state }) => bucket.tenantId !== null && state.lockedUntil > Math.max(now, before.lockedUntil),
    )
    if (found === undefined || found.bucket.tenantId === null) return
    await record({
      type: 'account.locked',
      tenantId: found.bucket.tenantId,
      actorId: null,
      userId: found.bucket.userId,
      sessionId: null,
      client,
      data: {
        kind: found.bucket.kind,
        lockouts: found.state.level,
        seconds: Math.ceil((found.state.lockedUntil - now) / 1000),
      },
    })
  }

  return {
    async look(buckets) {
      const seen = await store.read(buckets)
      const counted = settled(seen, buckets)
      const expected = outcomeOf(counted, seen.now)
      // A lockout that is only found now, since its attempts were never decided, is written first.
      const isStored = counted.every(
        ({ before, state }) => before.lockedUntil === state.lockedUntil || state.lockedUntil === 0,
      )
      return expected.kind !== 'reserved' && isStored ? expected : null
    },
    reserve(buckets, client) {
      return audit.transaction(async (tx, record) => {
        const held = await store.lock(tx, buckets)
        const counted = settled(held, buckets)
        const outcome = outcomeOf(counted, held.now)
        await recordLockout(record, counted, client, held.now)
        const isReserved = outcome.kind === 'reserved'
        await write(
          tx,
          isReserved
            ? counted.map((each) => ({ ...each, state: reserved(each.state, each.policy, held.now) }))
            : counted,
        )
        return outcome
      })
    },
    async fail(tx, record, buckets, client) {
      const held = await store.lock(tx, buckets)
      const counted = settled(held, buckets).map((each) => ({
        ...each,
        state: failed(each.state, each.policy, held.now),
      }))
      await recordLockout(record, counted, client, held.now)
      await write(tx, counted)
    },
    async succeed(tx, buckets) {
      const held = await store.lock(tx, buckets)
      const counted = settled(held, buckets).map((each) => ({
        ...each,
        // Who knows one password must not buy guesses at others: an address is not forgiven.
        state: each.bucket.kind === 'address' ? released(each.state) : cleared(each.state),
      }))
      await write(tx, counted)
    },
    async release(buckets) {
      await storage.transaction(async (tx) => {
        const held = await store.lock(tx, buckets)
        await write(
          tx,
          settled(held, buckets).map((each) => ({ ...each, state: released(each.state) })),
        )
      })
    },
  }
}
