import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../runtime/clock.js'
import { createRateLimitService } from './rate-limit-service.js'

function limiter(requests = 3) {
  const clock = new ManualClock()
  return { clock, limits: createRateLimitService({ limits: { hashing: { requests, window: 60_000 } }, clock }) }
}

// ASVS 6.3.1
describe('a limit for each address', () => {
  it('allows as many as it says in a window, and refuses the next', async () => {
    const { limits } = limiter()
    const decisions = await Promise.all(Array.from({ length: 4 }, () => limits.consume('hashing', '192.0.2.1')))
    expect(decisions.map((decision) => decision?.allowed)).toEqual([true, true, true, false])
    expect(decisions.map((decision) => decision?.remaining)).toEqual([2, 1, 0, 0])
    expect(decisions[3]).toMatchObject({ limit: 3, resetSeconds: 60, windowSeconds: 60 })
  })

  it('counts each address by itself', async () => {
    const { limits } = limiter(1)
    expect((await limits.consume('hashing', '192.0.2.1'))?.allowed).toBe(true)
    expect((await limits.consume('hashing', '192.0.2.2'))?.allowed).toBe(true)
    expect((await limits.consume('hashing', '192.0.2.1'))?.allowed).toBe(false)
  })

  it('opens a new window when the old one is over, however often it was refused meanwhile', async () => {
    const { limits, clock } = limiter(1)
    await limits.consume('hashing', 'a')
    clock.advance(59_999)
    expect((await limits.consume('hashing', 'a'))?.allowed).toBe(false)
    clock.advance(1)
    expect((await limits.consume('hashing', 'a'))?.allowed).toBe(true)
  })

  it('keeps nobody out for longer than a window when the clock steps back', async () => {
    const { limits, clock } = limiter(1)
    await limits.consume('hashing', 'a')
    clock.advance(-3_600_000)
    expect((await limits.consume('hashing', 'a'))?.allowed).toBe(true)
  })

  it('is no limit where limits are off or none has that name', async () => {
    expect(await createRateLimitService({ limits: null, clock: new ManualClock() }).consume('hashing', 'a')).toBeNull()
    expect(await limiter().limits.consume('other', 'a')).toBeNull()
  })

  it('is shared with other nodes while it can be, and goes on from what was seen here when it cannot', async () => {
    const clock = new ManualClock()
    const keys = new Map<string, number>()
    let isThere = true
    const counters = {
      async count(key: string) {
        if (!isThere) return null
        keys.set(key, (keys.get(key) ?? 0) + 1)
        return { used: keys.get(key) ?? 0, left: 60_000 }
      },
    }
    const mac = (text: string) => Buffer.from(text.split('').reverse().join(''))
    const node = () => {
      const limits = { hashing: { requests: 4, window: 60_000 } }
      return createRateLimitService({ limits, clock, shared: { counters, mac } })
    }
    const [one, two] = [node(), node()]
    const ask = async (from: typeof one) => (await from.consume('hashing', '192.0.2.1'))?.allowed
    expect([await ask(one), await ask(two), await ask(one), await ask(two)]).toEqual([true, true, true, true])
    expect([await ask(one), await ask(two)]).toEqual([false, false])
    isThere = false
    expect([await ask(one), await ask(one)]).toEqual([true, false])
    expect([...keys.keys()].some((key) => key.includes('192.0.2.1'))).toBe(false)
  })
})
