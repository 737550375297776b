import { expect, it } from 'vitest'
import { ManualClock } from '../../runtime/clock.js'
import { oneTenant } from '../../storage/tenant-scope.js'
import { SessionCache } from './session-cache.js'
import type { FoundSession } from './session-types.js'

const TENANT = oneTenant('00000000-0000-7000-8000-000000000000')
const ID = '00000000-0000-7000-8000-000000000001'

/** A database whose answers are on their way until they are let through, each with what stood there when it was asked. */
function slowDatabase() {
  let counter = 1
  const answers: (() => void)[] = []
  return {
    refresh: () => counter++,
    letThrough: () => answers.shift()?.(),
    asked: () => answers.length,
    find: () => {
      const found = sessionWith(counter)
      return new Promise<FoundSession>((resolve) => answers.push(() => resolve(found)))
    },
  }
}

function sessionWith(counter: number): FoundSession {
  return {
    session: {
      id: ID,
      tenantId: TENANT.tenantId,
      userId: 'ada',
      salt: Buffer.alloc(32).toString('base64'),
      keyId: 1,
      counter,
      spends: [],
      credentialVersion: 1,
      remember: true,
      authMethods: ['password'],
      authTime: 0,
      ipAddress: null,
      userAgent: null,
      createdAt: 0,
      lastActivity: 0,
      refreshedAt: 0,
      refreshExpiresAt: 1e15,
      absoluteExpiresAt: 1e15,
      revokedAt: null,
    },
    holder: {
      email: null,
      emailVerified: false,
      username: 'ada',
      isGuest: false,
      createdAt: 0,
      credentialVersion: 1,
      disabledAt: null,
      roles: [],
      permissions: [],
    },
    now: 0,
    floor: 0,
  }
}

function cacheOver(find: () => Promise<FoundSession>, isFresh: () => boolean) {
  const clock = new ManualClock()
  let position = 0
  const cache = new SessionCache({
    find,
    clock,
    revocations: {
      position: () => position,
      isEnded: () => false,
      hasChangedSince: (since) => since < position,
      changedAt: () => null,
      databaseNow: () => clock.now(),
      hasChangedSinceFloor: () => false,
      generation: () => null,
      isFresh,
    },
    settings: { trust: 10_000, maxBytes: 1_000_000 },
  })
  const hearChange = () => {
    position++
  }
  return { cache, clock, hearChange }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

it('two who ask at once share one read', async () => {
  const database = slowDatabase()
  const { cache } = cacheOver(database.find, () => true)
  const both = Promise.all([cache.find(TENANT, ID), cache.find(TENANT, ID)])
  await turn()
  expect(database.asked()).toBe(1)
  database.letThrough()
  expect((await both).map((found) => found?.session.counter)).toEqual([1, 1])
})

it.each([
  ['longer ago than an entry is believed', 11_000, true],
  ['before the node lost touch with the feed', 3_000, false],
])('who joins a read that began %s is answered by another one', async (_title, passed, isFresh) => {
  const database = slowDatabase()
  const { cache, clock } = cacheOver(database.find, () => isFresh)
  const first = cache.find(TENANT, ID)
  await turn()
  database.refresh()
  clock.advance(passed)
  const second = cache.find(TENANT, ID)
  database.letThrough()
  expect((await first)?.session.counter).toBe(1)
  await turn()
  expect(database.asked()).toBe(1)
  database.letThrough()
  expect((await second)?.session.counter).toBe(2)
})

it('what a change gives is held, whatever read was under way', async () => {
  const database = slowDatabase()
  const { cache } = cacheOver(database.find, () => true)
  const overtaken = cache.find(TENANT, ID)
  await turn()
  database.refresh()
  expect((await cache.change(ID, async () => sessionWith(2)))?.session.counter).toBe(2)
  database.letThrough()
  expect((await overtaken)?.session.counter).toBe(1)
  expect(cache.peek(TENANT, ID)?.session.counter).toBe(2)
})

it('nothing is held of a change that was refused, or that ran into the news of another', async () => {
  const { cache, hearChange } = cacheOver(slowDatabase().find, () => true)
  await cache.change(ID, async () => sessionWith(1))
  expect(await cache.change(ID, async () => null)).toBe(null)
  expect(cache.peek(TENANT, ID)).toBe(null)
  await cache.change(ID, async () => {
    hearChange()
    return sessionWith(2)
  })
  expect(cache.peek(TENANT, ID)).toBe(null)
})
