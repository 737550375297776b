import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createAccessService } from '../../src/features/access/access-service.js'
import { readAccounts } from '../../src/features/revocation/revocation-accounts.js'
import { publishRevocations } from '../../src/features/revocation/revocation-publication.js'
import { createRevocationService } from '../../src/features/revocation/revocation-service.js'
import { insertChanges } from '../../src/features/revocation/revocation-store.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { type AccountReading, type FeedEntry, isEarlier, type SharedFeed } from '../../src/storage/shared-feed.js'
import type { Queryable } from '../../src/storage/storage.js'
import { allTenants } from '../../src/storage/tenant-scope.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'
import { type BareNode, openNodeOfTest } from '../flows/nodes.js'
import { bearer } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'

type Entry = Omit<FeedEntry, 'deployment'>

interface Log {
  entries: readonly Entry[]
  attempts: number
  failure: string | null
  /** The attempt that fails, of all. */
  failsAt: number | null
  clear(): void
}

/** A log in memory, which a test can empty or make fail. */
function memoryFeed() {
  const log = new Map<string, Entry>()
  const state: Log = { entries: [], attempts: 0, failure: null, failsAt: null, clear: () => log.clear() }
  let count = 0
  const feed: SharedFeed = {
    async append(entry, after, replaces) {
      state.attempts++
      if (state.attempts === state.failsAt) throw new Error('the connection was lost')
      if (state.failure !== null) throw new Error(state.failure)
      if (after !== null && !log.has(after)) return null
      if (after !== null && replaces) log.delete(after)
      const id = String(++count)
      log.set(id, entry)
      state.entries = [...log.values()]
      return id
    },
    close: async () => undefined,
  }
  return Object.assign(state, { feed })
}

/** A node, and beside it another reader of its feed, which tells. */
async function openTeller(url?: string) {
  const node = await openNodeOfTest({ auth: { mode: 'stateless' }, ...(url && { url }) })
  const { storage, clock } = node
  const log = memoryFeed()
  const settings = { horizon: 900_000, maxStaleness: 2_000 }
  const revocations = createRevocationService({
    ...{ storage, clock, settings, logger: silentLogger },
    onKeyChange: () => undefined,
  })
  const roles = createAccessService(storage, clock).rolesColumn()
  const publication = publishRevocations({ revocations, feed: log.feed, storage, roles, logger: silentLogger })
  onTestFinished(() => publication.close())
  return {
    node,
    log,
    /** Reads the feed, and waits until it was told. Gives the entries that this has added. */
    async sync(): Promise<readonly Entry[]> {
      const { entries: before, attempts } = log
      await revocations.sync()
      await vi.waitFor(() =>
        expect(log.entries !== before || (log.failure !== null && log.attempts > attempts)).toBe(true),
      )
      return log.entries.filter((entry) => !before.includes(entry))
    },
  }
}

const accountsOf = (entries: readonly Entry[]) => entries.flatMap(({ facts }) => facts.accounts)
const sessionsOf = (entries: readonly Entry[]) => entries.flatMap(({ facts }) => facts.sessions)

async function rename(node: BareNode, token: string, username: string): Promise<void> {
  const headers = { ...bearer(token), 'content-type': 'application/json' }
  const answer = await node.request('/auth/me', { method: 'PATCH', headers, body: JSON.stringify({ username }) })
  expect(answer.status).toBe(200)
}

it('tells what is new, once, and everything again when the log was lost, or could not be written', async () => {
  const { node, log, sync } = await openTeller()
  const people = [await jwtNewcomer(node), await jwtNewcomer(node), await jwtNewcomer(node)]
  await sync()
  const ended: string[] = []
  for (const { access_token } of people) {
    ended.push((await node.api.verify({ accessToken: access_token })).sessionId)
    await node.request('/auth/logout', { method: 'POST', headers: bearer(access_token) })
    const added = await sync()
    expect(sessionsOf(added)).toEqual([ended.at(-1)])
    expect(added.at(-1)).toMatchObject({ time: node.clock.now(), life: 900_000 })
  }
  expect(sessionsOf(await sync())).toEqual([])
  // A sign of life takes the place of the last one.
  const { length } = log.entries
  for (let round = 0; round < 5; round++) await sync()
  expect(log.entries).toHaveLength(length)

  log.clear()
  expect(sessionsOf(await sync())).toEqual(ended)
  log.failure = 'out of memory'
  const late = await jwtNewcomer(node)
  await node.request('/auth/logout', { method: 'POST', headers: bearer(late.access_token) })
  expect(await sync()).toEqual([])
  log.failure = null
  expect(sessionsOf(await sync())).toHaveLength(1)
})

it('vouches for nothing while a part of everything is told, and the rest is not', async () => {
  const { node, log, sync } = await openTeller()
  await sync()
  const ended = Array.from({ length: 1200 }, () => randomUUID())
  const changes = ended.map((subject) => ({ kind: 'session' as const, tenantId: DEFAULT_TENANT_ID, subject }))
  await insertChanges(allTenants(), node.storage.db, node.storage, changes)
  expect(sessionsOf(await sync())).toHaveLength(1200)
  log.clear()
  // The first asks for what is gone, the second tells the first part of everything.
  log.failsAt = log.attempts + 3
  await sync()
  await vi.waitFor(() => expect(log.attempts).toBe(log.failsAt))
  expect(log.entries.map(({ time }) => time)).toEqual([null])
  await sync()
  await vi.waitFor(() => expect(log.entries.at(-1)?.time).not.toBeNull())
  expect(new Set(sessionsOf(log.entries)).size).toBe(1200)
})

it('looks at an account again while anything is open that the look may have missed, and makes no log grow by it', async () => {
  const database = await emptyPostgresDatabase()
  onTestFinished(() => database.remove())
  const { node, log, sync } = await openTeller(database.url)
  const anna = await jwtNewcomer(node)
  await sync()
  let finish: () => void = () => undefined
  const open = new Promise<void>((resolve) => {
    finish = resolve
  })
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const transaction = node.storage.db.transaction().execute(async (tx) => {
    await tx.insertInto('settings').values({ name: 'open', value: 'x' }).execute()
    begin()
    await open
  })
  await begun
  await rename(node, anna.access_token, 'first')
  const [seen] = accountsOf(await sync())
  expect(seen?.userId).toBe(anna.user_id)
  await sync()
  const { length } = log.entries
  for (let round = 0; round < 5; round++) expect(accountsOf(await sync())).toEqual([])
  expect(log.entries).toHaveLength(length)
  // What no change names is seen all the same.
  const { db } = node.storage
  await db.updateTable('users').set({ username: 'unheard' }).where('id', '=', anna.user_id).execute()
  const [again] = accountsOf(await sync())
  expect(again?.digest).not.toBe(seen?.digest)
  // Who forgets what it has read hears it once more.
  node.clock.advance(30_000)
  expect(accountsOf(await sync()).map(({ digest }) => digest)).toEqual([again?.digest])
  expect(accountsOf(await sync())).toEqual([])
  finish()
  await transaction
  // Transactions of other databases of the server may hold it up for a while longer.
  let settled: AccountReading | undefined
  while (settled === undefined) [settled] = accountsOf(await sync())
  expect(settled.look.floor).toBeGreaterThan(seen?.look.floor ?? Number.POSITIVE_INFINITY)
  expect(accountsOf(await sync())).toEqual([])
  await rename(node, anna.access_token, 'second')
  const [renamed] = accountsOf(await sync())
  expect(renamed?.digest).not.toBe(settled?.digest)
})

it('tells of sessions that a change of the credentials left behind, and that no change names', async () => {
  const { node, sync } = await openTeller()
  const [anna, carl] = [await jwtNewcomer(node), await jwtNewcomer(node)]
  await sync()
  const { sessionId, tenantId } = await node.api.verify({ accessToken: anna.access_token })
  // As an insert leaves it that crossed the change.
  await node.storage.db.updateTable('sessions').set({ credential_version: 0 }).where('id', '=', sessionId).execute()
  await rename(node, carl.access_token, 'other')
  expect(sessionsOf(await sync())).toEqual([])
  const change = { kind: 'user', tenant_id: tenantId, subject: anna.user_id, xid: 0, detail: null } as const
  await node.storage.db
    .insertInto('changes')
    .values({ ...change, created_at: node.clock.now() })
    .execute()
  expect(sessionsOf(await sync())).toEqual([sessionId])
})

it('the looks at an open database are in the order of what they saw', async () => {
  const database = await emptyPostgresDatabase()
  onTestFinished(() => database.remove())
  const { node } = await openTeller(database.url)
  const { storage, clock } = node
  const { user_id: id } = await jwtNewcomer(node)
  const roles = createAccessService(storage, clock).rolesColumn()
  const looks: AccountReading[] = []
  const look = async () => looks.push(...(await readAccounts(allTenants(), storage.db, storage, roles, [id])))
  const rename = (db: Queryable, username: string) =>
    db.updateTable('users').set({ username }).where('id', '=', id).execute()
  await look()
  await storage.db.transaction().execute(async (first) => {
    // It keeps the floor where it is.
    await first.insertInto('settings').values({ name: 'first', value: 'x' }).execute()
    await storage.db.transaction().execute(async (second) => {
      await rename(second, 'one')
      // The ceiling goes beyond the transaction that is open.
      await storage.db.insertInto('settings').values({ name: 'third', value: 'x' }).execute()
      await look()
    })
    await look()
    await rename(storage.db, 'two')
    await look()
  })
  await look()
  const [before, open, one, two] = looks
  expect(new Set([open?.look.floor, one?.look.floor, two?.look.floor]).size).toBe(1)
  expect(one?.look.ceiling).toBe(open?.look.ceiling)
  expect(new Set([before, open, one, two].map((reading) => reading?.digest)).size).toBe(3)
  for (const [index, { look }] of looks.entries()) {
    for (const later of looks.slice(index + 1)) {
      expect(isEarlier(later.look, look)).toBe(false)
      if (later.digest !== looks[index]?.digest) expect(isEarlier(look, later.look)).toBe(true)
    }
  }
})
