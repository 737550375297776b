import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { createRateLimitService } from '../../src/features/rate-limits/rate-limit-service.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { openRedis } from '../../src/storage/redis/open-redis.js'
import { type RedisServer, startRedis } from './redis-server.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.dispose())

async function node() {
  const { counters, close } = await openRedis({ url: redis.url, name: 'limits', logger: silentLogger })
  onTestFinished(close)
  const limits = createRateLimitService({
    limits: { hashing: { requests: 6, window: 60_000 } },
    clock: new ManualClock(),
    shared: { counters, mac: (text) => Buffer.from(text) },
  })
  return async (address: string) => {
    const decision = await limits.consume('hashing', address)
    if (decision === null) throw new SallyportError('internal')
    return decision.allowed
  }
}

it('counts an address over all nodes, each request once, until its window ends', async () => {
  const [one, two] = [await node(), await node()]
  const parallel = await Promise.all(Array.from({ length: 20 }, (_, each) => (each % 2 ? one : two)('192.0.2.1')))
  expect(parallel.filter((allowed) => allowed)).toHaveLength(6)
  expect(await one('192.0.2.2')).toBe(true)
  const keys = (await redis.cli('keys', '*:limit:*')).split('\n').filter((key) => key !== '')
  expect(keys).toHaveLength(2)
  for (const key of keys) expect(Number(await redis.cli('pttl', key))).toBeGreaterThan(0)
})

it('lets a count end with the window that is configured now, whatever it was before', async () => {
  const one = await node()
  for (let each = 0; each < 7; each++) await one('192.0.2.4')
  const [key] = (await redis.cli('keys', '*:limit:*'))
    .split('\n')
    .filter((name) => name.includes(Buffer.from('192.0.2.4').toString('base64url')))
  await redis.cli('pexpire', key ?? '', '3600000')
  expect(await one('192.0.2.4')).toBe(false)
  expect(Number(await redis.cli('pttl', key ?? ''))).toBeLessThanOrEqual(60_000)
})

it('goes on by what each node saw itself when Redis is gone', async () => {
  const [one, two] = [await node(), await node()]
  for (let each = 0; each < 4; each++) expect(await one('192.0.2.3')).toBe(true)
  for (let each = 0; each < 2; each++) expect(await two('192.0.2.3')).toBe(true)
  expect(await two('192.0.2.3')).toBe(false)
  await redis.kill()
  expect([await one('192.0.2.3'), await one('192.0.2.3'), await one('192.0.2.3')]).toEqual([true, true, false])
})
