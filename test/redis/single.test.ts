import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/runtime/logger.js'
import { openRedis } from '../../src/storage/redis/open-redis.js'
import type { BareNode } from '../flows/nodes.js'
import {
  keepingLogger,
  openPair,
  readiness,
  signOut,
  signUp,
  signUpShared,
  statusOf,
  untilHeard,
  untilUsed,
} from './redis-nodes.js'
import { type RedisServer, startRedis, until } from './redis-server.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.dispose())
beforeEach(async () => {
  await redis.cli('flushall')
})

const reads = async () => Number(/cmdstat_hget:calls=(\d+)/.exec(await redis.cli('info', 'commandstats'))?.[1] ?? 0)
const keyOf = (sessionId: string) => redis.cli('keys', `*${sessionId}`)
const share = (node: BareNode) => signUpShared(node, async (sessionId) => (await keyOf(sessionId)) !== '')

describe('sessions in Redis', () => {
  it('are read by a node that has not seen them, instead of the database', async () => {
    const { a, b } = await openPair(redis.url)
    const anna = await share(a)
    await untilUsed(b)
    const value = await redis.cli('hget', await keyOf(anna.sessionId), 'value')
    const before = await reads()
    expect(await statusOf(b, anna)).toBe(200)
    expect(await statusOf(b, anna)).toBe(200)
    // The second time from memory.
    expect(await reads()).toBe(before + 1)
    // Whoever reads the database shares what it gave, newly sealed.
    expect(await redis.cli('hget', await keyOf(anna.sessionId), 'value')).toBe(value)
  })

  it('are refused everywhere soon after they were ended anywhere', async () => {
    const { a, b } = await openPair(redis.url)
    const anna = await signUp(a)
    expect(await statusOf(b, anna)).toBe(200)
    await signOut(a, anna)
    await until(async () => (await statusOf(b, anna)) === 401, 'the other node has heard of it')
    expect(await statusOf(a, anna)).toBe(401)
  })

  it('leave a tombstone that no late write replaces', async () => {
    const { a } = await openPair(redis.url)
    const anna = await share(a)
    const key = await keyOf(anna.sessionId)
    await untilUsed(a)
    await signOut(a, anna)
    await until(async () => (await redis.cli('hget', key, 'value')) === '', 'the tombstone is there')
    expect(Number(await redis.cli('pttl', key))).toBeGreaterThan(60_000)
    expect(await statusOf(a, anna)).toBe(401)
    expect(await redis.cli('hget', key, 'value')).toBe('')
  })

  it('follow a refresh: the new token is good on the other node, the old one for the grace', async () => {
    const { a, b } = await openPair(redis.url)
    const anna = await signUp(a)
    expect(await statusOf(b, anna)).toBe(200)
    const { accessToken } = await a.api.refresh({ refreshToken: anna.refreshToken })
    expect(await statusOf(b, { token: accessToken })).toBe(200)
    expect(await statusOf(b, anna)).toBe(200)
    b.clock.advance(61_000)
    a.clock.advance(61_000)
    await b.sync()
    expect(await statusOf(b, anna)).toBe(401)
    expect(await statusOf(b, { token: accessToken })).toBe(200)
  })

  it('tell a reader of Redis nothing, and cannot be forged by a writer', async () => {
    const { a, b } = await openPair(redis.url)
    const [anna, bert] = [await share(a), await share(a)]
    const [annasKey, bertsKey] = [await keyOf(anna.sessionId), await keyOf(bert.sessionId)]
    const value = await redis.cli('hget', annasKey, 'value')
    expect(Buffer.from(value, 'base64').toString('latin1')).not.toMatch(/example\.com|userId|salt/)
    // Bert's name over Anna's session, altered bytes, and no entry at all.
    await redis.cli('hset', bertsKey, 'value', value)
    await redis.cli('hset', annasKey, 'value', `AAAA${value.slice(4)}`)
    expect(await statusOf(b, anna)).toBe(200)
    const answer = await b.request('/users/me', { headers: { authorization: `Bearer ${bert.token}` } })
    expect(JSON.stringify(await answer.json())).toContain(`person`)
    await redis.cli('del', annasKey)
    await redis.cli('set', annasKey, 'nonsense')
    expect(await statusOf(b, anna)).toBe(200)
    await untilUsed(b)
  })

  it('are believed for the grace only, however long Redis keeps them', async () => {
    const { a, b } = await openPair(redis.url)
    const anna = await share(a)
    const value = await redis.cli('hget', await keyOf(anna.sessionId), 'value')
    b.clock.advance(61_000)
    await b.sync()
    await untilUsed(b)
    expect(await statusOf(b, anna)).toBe(200)
    const isNew = async () => (await redis.cli('hget', await keyOf(anna.sessionId), 'value')) !== value
    await until(isNew, 'the database was asked, and what it gave is shared')
  })

  it('take the place of older ones only, and never that of a tombstone', async () => {
    const { entries, close } = await openRedis({ url: redis.url, name: 'test', logger: silentLogger })
    // One connection carries commands in their order: once the fence is there, so is what went before.
    const put = (floor: number, counter: number, value: string) =>
      until(async () => {
        entries.offer('entry', { floor, counter }, value, 60_000)
        const fence = `${floor} ${counter} ${value} ${performance.now()}`
        entries.offer('fence', { floor: 1, counter: 1 }, fence, 60_000)
        return (await entries.read('fence')) === fence
      }, 'the entry has been offered')
    try {
      await put(5, 2, 'first')
      await put(4, 2, 'read earlier')
      await put(5, 1, 'before the refresh')
      expect(await entries.read('entry')).toBe('first')
      await put(6, 2, 'second')
      expect(await entries.read('entry')).toBe('second')
      entries.bury('entry', 60_000)
      await put(7, 3, 'of a node that was paused')
      expect(await entries.read('entry')).toBeNull()
    } finally {
      await close()
    }
  })

  it('are each answered for themselves where many are asked for at once', async () => {
    const { entries, close } = await openRedis({ url: redis.url, name: 'test', logger: silentLogger })
    try {
      const names = Array.from({ length: 150 }, (_, at) => `entry-${at}`)
      for (const name of names) entries.offer(name, { floor: 1, counter: 1 }, `value of ${name}`, 60_000)
      entries.bury('entry-3', 60_000)
      await redis.cli('set', 'nonsense', 'of another type')
      await until(async () => (await entries.read('entry-149')) !== null, 'they are there')
      const asked = [...names, 'absent', 'nonsense', 'entry-0']
      const expected = names.map((name) => (name === 'entry-3' ? null : `value of ${name}`))
      const answers = await Promise.all(asked.map((name) => entries.read(name)))
      expect(answers).toEqual([...expected, null, null, 'value of entry-0'])
    } finally {
      await close()
    }
  })

  it('of another generation are not found', async () => {
    const { a, b } = await openPair(redis.url)
    const anna = await share(a)
    await a.cleanUp()
    await Promise.all([a.sync(), b.sync()])
    await untilUsed(b)
    expect(await statusOf(b, anna)).toBe(200)
    await until(
      async () => (await redis.cli('keys', `*${anna.sessionId}`)).split('\n').length === 2,
      'it is shared anew',
    )
  })
})

describe('a Redis that is lost', () => {
  it('by a flush signs nobody out and brings nobody back', async () => {
    const { a, b } = await openPair(redis.url)
    const [anna, bert] = [await signUp(a), await signUp(a)]
    expect(await statusOf(a, anna)).toBe(200)
    await signOut(a, bert)
    await redis.cli('flushall')
    expect(await statusOf(b, anna)).toBe(200)
    expect(await statusOf(b, bert)).toBe(401)
  })

  it('by kill -9 makes nodes slower and nothing else, and is used again once it is back, empty', async () => {
    const { a, b } = await openPair(redis.url)
    const [anna, bert] = [await signUp(a), await signUp(a)]
    expect(await statusOf(a, anna)).toBe(200)
    await redis.kill()
    expect(await statusOf(b, anna)).toBe(200)
    await signOut(a, bert)
    expect(await statusOf(a, bert)).toBe(401)
    await until(async () => (await readiness(b)).cache === 'failing', 'its absence shows')
    // Only slower: the node goes on serving.
    expect((await readiness(b)).status).toBe(200)
    await b.sync()
    expect(await statusOf(b, bert)).toBe(401)
    await redis.restart()
    await Promise.all([untilUsed(a), untilUsed(b)])
    expect(await statusOf(b, anna)).toBe(200)
    const carl = await share(a)
    expect(await statusOf(b, carl)).toBe(200)
    // Hints, too: nothing else tells b.
    await untilHeard(redis, 2)
    await signOut(a, carl)
    await until(async () => (await statusOf(b, carl)) === 401, 'the other node has heard of it')
  })

  it('by falling silent delays one request at most, and is left alone until it answers', async () => {
    const { a, b } = await openPair(redis.url)
    const people = [await signUp(a), await signUp(a), await signUp(a)]
    redis.signal('SIGSTOP')
    const start = performance.now()
    try {
      for (const person of people) expect(await statusOf(b, person)).toBe(200)
      await signOut(a, people[0] ?? (await signUp(a)))
      // Far from what waiting for each would take; the machine may be busy.
      expect(performance.now() - start).toBeLessThan(3_000)
      expect((await readiness(b)).cache).toBe('failing')
    } finally {
      redis.signal('SIGCONT')
    }
    await Promise.all([untilUsed(a), untilUsed(b)])
    for (const person of people.slice(1)) expect(await statusOf(b, person)).toBe(200)
    await b.sync()
    expect(await statusOf(b, people[0] ?? { token: '' })).toBe(401)
  })

  it('and restored from an old dump brings no session back, on old nodes and new ones', async () => {
    const { a, b, open } = await openPair(redis.url)
    const [anna, bert] = [await share(a), await share(a)]
    const restore = await redis.dump()
    await signOut(a, anna)
    await redis.kill()
    restore()
    await redis.restart()
    await Promise.all([untilUsed(a), untilUsed(b)])
    expect(await redis.cli('hget', await keyOf(anna.sessionId), 'value')).not.toBe('')
    const c = await open()
    for (const node of [a, b, c]) {
      expect(await statusOf(node, anna)).toBe(401)
      expect(await statusOf(node, bert)).toBe(200)
    }
  })
})

describe('a Redis that cannot be used', () => {
  it('because of its password is told in readiness and in the log, without the password', async () => {
    const guarded = await startRedis('requirepass right-password')
    const lines: string[] = []
    const url = guarded.url.replace('right', 'wrong')
    try {
      const { a, b } = await openPair(url, { logger: keepingLogger(lines) })
      const anna = await signUp(a)
      expect(await statusOf(b, anna)).toBe(200)
      expect(await readiness(b)).toEqual({ status: 200, cache: 'failing' })
      expect(lines.join('\n')).toMatch(/WRONGPASS/)
      expect(lines.join('\n')).not.toContain('wrong-password')
    } finally {
      await guarded.dispose()
    }
  })

  it('because it takes no writes is told, and used again when it does', async () => {
    const lines: string[] = []
    const { a, b } = await openPair(redis.url, { logger: keepingLogger(lines) })
    const anna = await signUp(a)
    await redis.cli('replicaof', '127.0.0.1', '1')
    try {
      await until(async () => (await readiness(a)).cache === 'failing', 'it shows')
      expect(await statusOf(b, anna)).toBe(200)
      await until(() => /READONLY/.test(lines.join('\n')), 'the log says why')
    } finally {
      await redis.cli('replicaof', 'no', 'one')
    }
    await untilUsed(a)
  })
})
