import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../runtime/clock.js'
import { createRateLimitService } from './rate-limit-service.js'

function limiter(requests = 3) {
  const clock = new ManualClock()
  return { clock, limits: createRateLimitService({ hashing: { requests, window: 60_000 } }, clock) }
}

describe('a limit for each address', () => {
  it('allows as many as it says in a window, and refuses the next', () => {
    const { limits } = limiter()
    const decisions = Array.from({ length: 4 }, () => limits.consume('hashing', '192.0.2.1'))
    expect(decisions.map((decision) => decision?.allowed)).toEqual([true, true, true, false])
    expect(decisions.map((decision) => decision?.remaining)).toEqual([2, 1, 0, 0])
    expect(decisions[3]).toMatchObject({ limit: 3, resetSeconds: 60, windowSeconds: 60 })
  })

  it('counts each address by itself', () => {
    const { limits } = limiter(1)
    expect(limits.consume('hashing', '192.0.2.1')?.allowed).toBe(true)
    expect(limits.consume('hashing', '192.0.2.2')?.allowed).toBe(true)
    expect(limits.consume('hashing', '192.0.2.1')?.allowed).toBe(false)
  })

  it('opens a new window when the old one is over, however often it was refused meanwhile', () => {
    const { limits, clock } = limiter(1)
    limits.consume('hashing', 'a')
    clock.advance(59_999)
    expect(limits.consume('hashing', 'a')?.allowed).toBe(false)
    clock.advance(1)
    expect(limits.consume('hashing', 'a')?.allowed).toBe(true)
  })

  it('keeps nobody out for longer than a window when the clock steps back', () => {
    const { limits, clock } = limiter(1)
    limits.consume('hashing', 'a')
    clock.advance(-3_600_000)
    expect(limits.consume('hashing', 'a')?.allowed).toBe(true)
  })

  it('is no limit where limits are off or none has that name', () => {
    expect(createRateLimitService(null, new ManualClock()).consume('hashing', 'a')).toBeNull()
    expect(limiter().limits.consume('other', 'a')).toBeNull()
  })
})
