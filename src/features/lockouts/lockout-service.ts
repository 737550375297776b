import { setTimeout as sleep } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import type { ClientContext } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { MasterKey } from '../../crypto/master-key.js'
import { addressBucket, normalizeAddress } from '../../runtime/client-address.js'
import type { Clock } from '../../runtime/clock.js'
import { recentlyUsed } from '../../runtime/recently-used.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import type { AuditService } from '../audit/audit-service.js'
import type { RecordEvent } from '../audit/audit-types.js'
import { accountPolicy, addressPolicy, type BucketPolicy } from './lockout-bucket.js'
import { createLockoutCounter, type Outcome } from './lockout-counter.js'
import { createKnownDevices, type KnownDevices } from './lockout-device.js'
import { LockoutGate } from './lockout-gate.js'
import { renameBuckets } from './lockout-rename.js'
import { type BucketName, deleteBuckets, deleteEndedBuckets, listLocked, type StoredFilter } from './lockout-store.js'
import type { Attempt, AttemptedAccount, InTurn, Lockout, LockoutFilter } from './lockout-types.js'

/** Every way of guessing at somebody's secret goes through here, and all share the same counters. */
export interface LockoutService {
  /**
   * Runs `work` as one counted attempt. The attempt is reserved in the database before `work` begins, so that parallel
   * guesses on any number of nodes count as what they are; while others at the same account are undecided and could be
   * the last, it waits for them. What is thrown by `work` without `fail` having been called counts as nothing.
   * @param scope the tenant of the account, or of the log where there is none
   * @param inTurn calls what it is given when its turn comes, or throws; before that the attempt holds nothing
   * @throws SallyportError `account_locked`, `rate_limited` (too many wrong guesses from the address), `overloaded`
   */
  attempt<Result>(
    scope: OneTenant,
    account: AttemptedAccount,
    work: (attempt: Attempt) => Promise<Result>,
    inTurn?: InTurn,
  ): Promise<Result>
  readonly devices: KnownDevices
  /** What is locked now. */
  list(
    scope: TenantScope,
    filter: LockoutFilter,
    page: { readonly cursor: string | null; readonly limit: number },
  ): Promise<{ readonly items: readonly Lockout[]; readonly nextCursor: string | null }>
  /** Forgets lockouts and the wrong guesses before them. Returns how many were locked. */
  clear(
    scope: TenantScope,
    filter: LockoutFilter,
    by: { readonly actorId: string | null; readonly client: ClientContext | null },
  ): Promise<number>
  /** The same for one account, in the transaction of what proved its owner. */
  forgive(
    tx: Transaction<Tables>,
    record: RecordEvent,
    scope: OneTenant,
    email: string,
    by: { readonly actorId: string | null; readonly client: ClientContext | null },
  ): Promise<number>
  /** Has wrong guesses at an account count on where it gets another address, in the transaction of that. */
  follow(
    scope: OneTenant,
    tx: Transaction<Tables>,
    emails: { readonly from: string; readonly to: string },
  ): Promise<void>
  /** Deletes one batch of what remembers nothing any more, and returns how many rows went. */
  cleanUp(): Promise<number>
}

export interface LockoutSettings {
  /** Wrong guesses until an identifier is locked. */
  readonly maxAttempts: number
  /** Of the first lockout, in milliseconds. */
  readonly duration: number
  /** Wrong guesses of one address at whatever accounts, in a window of milliseconds; null: no limit. */
  readonly address: { readonly requests: number; readonly window: number } | null
  /** Milliseconds that an attempt waits for others to be decided. */
  readonly patience: number
  /** Milliseconds after which an attempt that was never decided counts as wrong: longer than any takes. */
  readonly undecided: number
}

const CLEAN_UP_BATCH = 500
const LONGEST_PAGE = 200
/** Attempts in a row at what is locked are recorded once in this time by each node: they cost no hash, and shall not fill the log. */
const RECORDED_AGAIN = 60_000
const MOST_RECORDED = 10_000
/** Milliseconds between two looks at whether it is one's turn; no more than a few attempts look at a time. */
const FIRST_PAUSE = 5
const LONGEST_PAUSE = 40

export function createLockoutService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly audit: AuditService
  readonly masterKey: MasterKey
  readonly settings: LockoutSettings
}): LockoutService {
  const { storage, clock, audit, masterKey, settings } = parts
  const mac = masterKey.macFor('lockouts')
  const digest = (...texts: readonly string[]) => mac(texts.join('\n')).toString('base64url')
  const identifierOf = ({ tenantId }: { readonly tenantId: string }, identifier: string) =>
    digest('identifier', tenantId, identifier)
  const devices = createKnownDevices(masterKey.macFor('known devices'))
  const account = accountPolicy(settings.maxAttempts, settings.duration, settings.undecided)
  const address = settings.address === null ? null : addressPolicy(settings.address, settings.undecided)
  const policyOf = ({ kind }: BucketName): BucketPolicy => (kind === 'address' && address !== null ? address : account)
  const counter = createLockoutCounter({ storage, audit, policyOf })
  const gate = new LockoutGate(settings.maxAttempts, settings.patience)
  const recorded = recentlyUsed<string, number>(MOST_RECORDED)

  /**
   * What an attempt counts in; the first names whose turn it is. A known device counts by itself: strangers do not
   * hold it up, whatever address they share, and it buys nobody more than its own few guesses.
   */
  function bucketsOf(
    { tenantId }: OneTenant,
    { identifier, user, client }: AttemptedAccount,
  ): readonly [BucketName, ...BucketName[]] {
    const name = identifierOf({ tenantId }, identifier)
    const userId = user?.id ?? null
    const own = { tenantId, identifier: name, userId }
    const device = user && devices.recognise(client.deviceCookie, { tenantId, userId: user.id, ...user })
    if (device !== null) {
      return [{ ...own, kind: 'device', key: digest('device', name, device), address: null }]
    }
    const whole: BucketName = { ...own, kind: 'identifier', key: name, address: null }
    if (client.ipAddress === null) return [whole]
    const from = addressBucket(client.ipAddress)
    const pair: BucketName = { ...own, kind: 'pair', key: digest('pair', name, from), address: from }
    if (address === null) return [whole, pair]
    const nowhere = { tenantId: null, identifier: null, userId: null }
    return [whole, pair, { ...nowhere, kind: 'address', key: digest('address', from), address: from }]
  }

  /** Null where what is left is reserved by attempts that are not decided yet. */
  async function attemptNow<Result>(
    scope: OneTenant,
    attempted: AttemptedAccount,
    buckets: readonly BucketName[],
    work: (attempt: Attempt) => Promise<Result>,
  ): Promise<{ readonly result: Result } | null> {
    const outcome = await counter.reserve(buckets, attempted.client)
    if (outcome.kind === 'locked') return refuse(scope, attempted, outcome)
    if (outcome.kind === 'full') return null
    let decided: 'failed' | 'succeeded' | null = null
    const attempt: Attempt = {
      fail(write) {
        // Before anything can go wrong: a guess that was made is not given back because nobody could note it.
        decided = 'failed'
        return audit.transaction(async (tx, record) => {
          await write(tx, record)
          await counter.fail(tx, record, buckets, attempted.client)
        })
      },
      succeed(tx) {
        decided = 'succeeded'
        return counter.succeed(tx, buckets)
      },
    }
    // What cannot be given back counts as wrong in the end, as does what a crash leaves behind.
    const release = () => counter.release(buckets).catch(() => undefined)
    try {
      const result = await work(attempt)
      if (decided === null) await release()
      return { result }
    } catch (error) {
      // A success that was undone with its transaction is none; a failure stays one.
      if (decided !== 'failed') await release()
      throw error
    }
  }

  async function refuse(
    { tenantId }: OneTenant,
    { user, client }: AttemptedAccount,
    { bucket, milliseconds }: Extract<Outcome, { kind: 'locked' }>,
  ): Promise<never> {
    const code = bucket.kind === 'address' ? 'rate_limited' : 'account_locked'
    const last = recorded.get(bucket.key)
    const now = clock.now()
    if (last === undefined || now - last >= RECORDED_AGAIN || now < last) {
      recorded.set(bucket.key, now)
      await audit.transaction((_tx, record) =>
        record({
          type: 'login.failed',
          tenantId,
          actorId: null,
          userId: user?.id ?? null,
          sessionId: null,
          client,
          data: { reason: code },
        }),
      )
    }
    throw new SallyportError(code, { retryAfter: Math.ceil(milliseconds / 1000) })
  }

  function storedFilter(scope: TenantScope, { email, address }: LockoutFilter): StoredFilter {
    if (email !== undefined && scope.kind === 'all') throw new TypeError('An address is of one tenant')
    return {
      ...(email !== undefined && scope.kind === 'one' && { identifier: identifierOf(scope, email) }),
      ...(address !== undefined && { address: bucketNamed(address) }),
    }
  }

  async function clear(
    tx: Transaction<Tables>,
    record: RecordEvent,
    scope: TenantScope,
    filter: LockoutFilter,
    { actorId, client }: { readonly actorId: string | null; readonly client: ClientContext | null },
  ): Promise<number> {
    const gone = await deleteBuckets(scope, tx, storage, storedFilter(scope, filter))
    for (const { kind, tenantId, userId } of gone) {
      if (tenantId === null) continue
      await record({ type: 'account.unlocked', tenantId, actorId, userId, sessionId: null, client, data: { kind } })
    }
    recorded.clear()
    return gone.length
  }

  return {
    devices,
    attempt(scope, attempted, work, inTurn = atOnce) {
      const buckets = bucketsOf(scope, attempted)
      return gate.run(buckets[0].key, async () => {
        const deadline = performance.now() + settings.patience
        for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
          const obstacle = await counter.look(buckets)
          if (obstacle?.kind === 'locked') return refuse(scope, attempted, obstacle)
          const done = obstacle === null ? await inTurn(() => attemptNow(scope, attempted, buckets, work)) : null
          if (done !== null) return done.result
          if (performance.now() > deadline) throw new SallyportError('overloaded', { retryAfter: 1 })
          await sleep(pause)
        }
      })
    },
    async list(scope, filter, { cursor, limit }) {
      const size = Math.min(Math.max(1, limit), LONGEST_PAGE)
      const page = { after: cursor, limit: size + 1 }
      const found = await listLocked(scope, storage.db, storage, storedFilter(scope, filter), page)
      const items = found.slice(0, size)
      return { items, nextCursor: found.length > size ? (items.at(-1)?.id ?? null) : null }
    },
    clear: (scope, filter, by) => audit.transaction((tx, record) => clear(tx, record, scope, filter, by)),
    forgive: (tx, record, scope, email, by) => clear(tx, record, scope, { email }, by),
    follow(scope, tx, emails) {
      const [from, to] = [identifierOf(scope, emails.from), identifierOf(scope, emails.to)]
      const keyOf = (address: string | null) => (address === null ? to : digest('pair', to, address))
      return renameBuckets(scope, tx, { from, to }, keyOf)
    },
    cleanUp: () => deleteEndedBuckets(allTenants(), storage.db, storage, CLEAN_UP_BATCH),
  }
}

const atOnce: InTurn = (work) => work()

/** A bucket as `list` shows it, or any address in it. @throws SallyportError `invalid_request` */
function bucketNamed(text: string): string {
  const address = normalizeAddress(text.replace(/\/64$/, ''))
  if (address !== null) return addressBucket(address)
  const detail = 'The address is no IP address.'
  throw new SallyportError('invalid_request', { detail, errors: [{ path: 'address', message: 'is no IP address' }] })
}
