import { randomBytes } from 'node:crypto'
import type { RawBuilder } from 'kysely'
import type { Logger } from '../../runtime/logger.js'
import { oneAtATime } from '../../runtime/one-at-a-time.js'
import { type AccountReading, type FeedFacts, NO_FACTS, type SharedFeed } from '../../storage/shared-feed.js'
import type { Storage } from '../../storage/storage.js'
import { allTenants } from '../../storage/tenant-scope.js'
import { findLeftBehind, readAccounts } from './revocation-accounts.js'
import type { RevocationService } from './revocation-service.js'
import type { FeedReading } from './revocation-types.js'

/** What was heard and is not told yet. */
interface Pending {
  readonly sessions: Set<string>
  readonly users: Set<string>
  readonly tenants: Map<string, number>
  keys: boolean
}

/** An account that was looked at while transactions were open that the look may have missed. */
interface Unsettled {
  /** They lie below that mark. */
  readonly ceiling: number
  /** What was told of it. */
  readonly told: string
  /** By then it is told once more, milliseconds of the database: readers forget, and what is open may last. */
  readonly due: number
}

/** Facts in one entry, and accounts in one look at the database. */
const PORTION = 500
/** Milliseconds between two tellings of an account that is only looked at again. */
const TOLD_AGAIN = 30_000
/** Entries that were taken away by others meanwhile: after so many attempts the next read of the feed tries again. */
const ATTEMPTS = 3

/**
 * Tells other services what this node learns of the feed, after each read of it. Each node tells everything that it
 * knows, and an entry with a time only after all of that stands before it: so one node that goes on is enough, and what
 * Redis lost is told again by the first that notices. Nothing waits for it.
 * @param parts.roles selects the roles of `u`, see `AccessService.rolesColumn`
 */
export function publishRevocations(parts: {
  readonly revocations: Pick<RevocationService, 'subscribe' | 'held' | 'keep' | 'horizon'>
  /** Closed with the publication. */
  readonly feed: SharedFeed
  readonly storage: Storage
  readonly roles: RawBuilder<string | null>
  readonly logger: Logger
}): { readonly close: () => Promise<void> } {
  const { revocations, feed, storage, roles, logger } = parts
  const run = randomBytes(6).toString('base64url')
  let pending = nothing()
  let reading: FeedReading | null = null
  /** This node's last entry. */
  let last: string | null = null
  let isLastEmpty = false
  /** Everything that is held has to be told, whatever was told before. */
  let isWholeDue = true
  /** Some of everything that is held was told, and the rest was not: nothing more counts before it is. */
  let isWholeOpen = false
  /** They are looked at again until none of those transactions is open any more. */
  const unsettled = new Map<string, Unsettled>()
  let isClosed = false
  let running: Promise<void> = Promise.resolve()

  const publish = oneAtATime(async () => {
    if (reading === null || isClosed) return
    const read = reading
    const taken = pending
    const again = new Set(unsettled.keys())
    pending = nothing()
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await tell(taken, again, read)) return
      throw new Error('other writers took the entries away')
    } catch (error) {
      pending = merged(pending, { ...taken, users: new Set([...taken.users, ...again]) })
      if (last === null || isWholeOpen) isWholeDue = true
      const cause = error instanceof Error ? error.message : String(error)
      logger.debug({ cause }, 'revocations cannot be told to other services just now')
    }
  })

  /** False where what this node told before is not there any more. */
  async function tell(taken: Pending, again: ReadonlySet<string>, read: FeedReading): Promise<boolean> {
    const isWhole = isWholeDue
    isWholeDue = false
    isWholeOpen ||= isWhole
    if (isWhole) last = null
    const told = isWhole ? merged(whole(), { ...taken, users: new Set([...taken.users, ...again]) }) : taken
    const { sessions, users, tenants, keys } = told
    const found = await lookAt(users, again, read.now)
    const facts = {
      ...found,
      sessions: [...new Set([...sessions, ...found.sessions])],
      tenants: entriesOf(tenants),
      keys,
    }
    // Numbers are those of one server; where there is none to name, those of this process.
    const epoch = read.server === '' ? run : read.server
    for (const { portion, isLast } of portionsOf(facts)) {
      const isEmpty = portion === NO_FACTS
      const entry = {
        epoch,
        time: isLast ? read.now : null,
        life: revocations.horizon,
        keep: revocations.keep,
      }
      last = await feed.append({ ...entry, facts: portion }, last, isLastEmpty)
      isLastEmpty = isEmpty && last !== null
      if (last === null) return lost()
    }
    isWholeOpen = false
    return true
  }

  function lost(): false {
    isWholeDue = true
    return false
  }

  /**
   * The accounts as they are, and the sessions that a change of their credentials left behind.
   * @param again of these what is not new is left out, so that a transaction which stays open makes no stream grow
   */
  async function lookAt(
    users: ReadonlySet<string>,
    again: ReadonlySet<string>,
    now: number,
  ): Promise<Pick<FeedFacts, 'accounts' | 'sessions'>> {
    const accounts: AccountReading[] = []
    const sessions: string[] = []
    const ids = [...new Set([...users, ...again])]
    for (let start = 0; start < ids.length; start += PORTION) {
      const some = ids.slice(start, start + PORTION)
      const readings = await readAccounts(allTenants(), storage.db, storage, roles, some)
      const leftBehind = await findLeftBehind(allTenants(), storage.db, storage, some)
      for (const reading of readings) {
        const left = leftBehind.get(reading.userId) ?? []
        if (!isNews(reading, left, now) && !users.has(reading.userId)) continue
        accounts.push(reading)
        sessions.push(...left)
      }
    }
    return { accounts, sessions }
  }

  /** Notes what is told of an account, and whether it has to be looked at again. */
  function isNews({ userId, look, digest }: AccountReading, leftBehind: readonly string[], now: number): boolean {
    const before = unsettled.get(userId)
    const told = JSON.stringify([digest, leftBehind])
    const ceiling = before?.ceiling ?? look.ceiling
    if (look.floor >= ceiling) {
      unsettled.delete(userId)
      return true
    }
    const isTold = before !== undefined && before.told === told && now < before.due
    if (!isTold) unsettled.set(userId, { ceiling, told, due: now + TOLD_AGAIN })
    return !isTold
  }

  function whole(): Pending {
    const { sessions, users, tenants } = revocations.held()
    return { sessions: new Set(sessions), users: new Set(users), tenants: new Map(tenants), keys: true }
  }

  revocations.subscribe({
    changed({ kind, subject }, at) {
      if (kind === 'session') pending.sessions.add(subject)
      else if (kind === 'tenant') pending.tenants.set(subject, at)
      else if (kind === 'key') pending.keys = true
      else {
        pending.users.add(subject)
        // Whatever was open at the last look, the next one has to see this.
        unsettled.delete(subject)
      }
    },
    missed() {
      isWholeDue = true
    },
    synced(read) {
      reading = read
      running = publish()
    },
  })

  return {
    async close() {
      isClosed = true
      await running
      await feed.close()
    },
  }
}

function nothing(): Pending {
  return { sessions: new Set(), users: new Set(), tenants: new Map(), keys: false }
}

function merged(one: Pending, other: Pending): Pending {
  return {
    sessions: new Set([...one.sessions, ...other.sessions]),
    users: new Set([...one.users, ...other.users]),
    tenants: new Map([...other.tenants, ...one.tenants]),
    keys: one.keys || other.keys,
  }
}

function entriesOf(tenants: ReadonlyMap<string, number>): FeedFacts['tenants'] {
  return [...tenants].map(([id, at]) => ({ id, at }))
}

/** Facts cut to what fits an entry; none at all are one portion. */
function portionsOf(facts: FeedFacts): readonly { readonly portion: FeedFacts; readonly isLast: boolean }[] {
  const { sessions, accounts, tenants, keys } = facts
  const most = Math.max(sessions.length, accounts.length, tenants.length)
  if (most === 0 && !keys) return [{ portion: NO_FACTS, isLast: true }]
  const count = Math.max(1, Math.ceil(most / PORTION))
  return Array.from({ length: count }, (_, index) => {
    const cut = <Fact>(list: readonly Fact[]) => list.slice(index * PORTION, (index + 1) * PORTION)
    const portion = {
      sessions: cut(sessions),
      accounts: cut(accounts),
      tenants: cut(tenants),
      keys: keys && index === 0,
    }
    return { portion, isLast: index === count - 1 }
  })
}
