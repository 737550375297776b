import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../../runtime/clock.js'
import { silentLogger } from '../../runtime/logger.js'
import { openStorage } from '../../storage/open-storage.js'
import type { Storage } from '../../storage/storage.js'
import { createRevocationService } from './revocation-service.js'
import { prepareReadFeed, type ReadChanges } from './revocation-store.js'

vi.mock('./revocation-store.js', { spy: true })

let storage: Storage
let clock: ManualClock
/** Each read waits until the test lets it go, and gives what the test says. */
let reads: { readonly answer: (found: Partial<ReadChanges>) => void; readonly from: number | null }[]

beforeEach(async () => {
  clock = new ManualClock()
  storage = await openStorage({
    url: 'sqlite::memory:',
    directUrl: null,
    pool: { max: 1 },
    statementTimeout: 1_000,
    allowUnsafeDurability: true,
    production: false,
    clock,
  })
  reads = []
  vi.mocked(prepareReadFeed).mockReturnValue(
    (from) =>
      new Promise((resolve) => {
        reads.push({
          from,
          answer: (found) =>
            resolve({
              changes: [],
              watermark: 1,
              floor: 2,
              generation: null,
              server: 'one',
              now: clock.now(),
              ...found,
            }),
        })
      }),
  )
})
afterEach(() => storage.close())

function service() {
  const settings = { horizon: 900_000, maxStaleness: 2_000 }
  return createRevocationService({ storage, clock, logger: silentLogger, settings, onKeyChange: () => undefined })
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  await new Promise((resolve) => setImmediate(resolve))
  return (await Promise.race([promise, pending])) !== pending
}

describe('reading the feed', () => {
  it('gives who asks the first read that began after the asking, and makes nobody wait for a later one', async () => {
    const revocations = service()
    const first = revocations.sync()
    const second = revocations.sync()
    const third = revocations.sync()
    expect(reads).toHaveLength(1)
    reads[0]?.answer({})
    await first
    expect(await settled(second)).toBe(false)
    expect(reads).toHaveLength(2)
    const fourth = revocations.sync()
    reads[1]?.answer({})
    await Promise.all([second, third])
    expect(await settled(fourth)).toBe(false)
    expect(reads).toHaveLength(3)
    reads[2]?.answer({})
    await fourth
  })

  it('knows the time of the database, however far off its own clock is', async () => {
    const revocations = service()
    const synced = revocations.sync()
    reads[0]?.answer({ now: clock.now() + 60_000 })
    await synced
    expect(revocations.databaseNow()).toBe(clock.now() + 60_000)
    clock.advance(500)
    expect(revocations.databaseNow()).toBe(clock.now() + 60_000)
  })

  it('forgets nothing that is not old by the clock of the database, wherever its own clock jumps', async () => {
    const revocations = service()
    const change = { seq: 1, mark: 1, kind: 'session', tenantId: 't', subject: 's', at: clock.now() } as const
    const real = clock.now()
    const synced = revocations.sync()
    reads[0]?.answer({ changes: [change] })
    await synced
    clock.advance(3 * 3_600_000)
    const ahead = revocations.sync()
    reads[1]?.answer({ now: real + 1_000 })
    await ahead
    clock.advance(-3 * 3_600_000)
    expect(revocations.isEnded('s')).toBe(true)
  })

  it('reads all anew where the database numbers its transactions from below the mark, as after a restore', async () => {
    const revocations = service()
    const before = revocations.sync()
    reads[0]?.answer({ watermark: 5_000 })
    await before
    const after = revocations.sync()
    reads[1]?.answer({ watermark: 40 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads.map(({ from }) => from)).toEqual([null, 5_000, null])
    const change = { seq: 9, mark: 9, kind: 'session', tenantId: 't', subject: 's', at: clock.now() } as const
    reads[2]?.answer({ watermark: 40, changes: [change] })
    await after
    expect(revocations.isEnded('s')).toBe(true)
  })

  it('reads all anew from another server, whose numbers have overtaken those that were read', async () => {
    const revocations = service()
    const before = revocations.sync()
    const lost = { seq: 9, mark: 5_000, kind: 'session', tenantId: 't', subject: 'lost', at: clock.now() } as const
    reads[0]?.answer({ watermark: 5_000, changes: [lost] })
    await before
    const after = revocations.sync()
    // It took over before that change had reached it, and gave its numbers to others.
    reads[1]?.answer({ watermark: 6_000, server: 'two' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads.map(({ from }) => from)).toEqual([null, 5_000, null])
    reads[2]?.answer({ watermark: 6_000, server: 'two', changes: [{ ...lost, mark: 4_990, subject: 's' }] })
    await after
    expect(revocations.isEnded('s')).toBe(true)
  })

  it('tells for a minute how long a change took to get here, but not of its own or of what was there before', async () => {
    const revocations = service()
    const changeOf = (seq: number, at: number) =>
      ({ seq, mark: seq, kind: 'session', tenantId: 't', subject: `s${seq}`, at }) as const
    const start = clock.now()
    const readOf = async (number: number, ...changes: readonly ReturnType<typeof changeOf>[]) => {
      const synced = revocations.sync()
      reads[number]?.answer({ changes, watermark: 5 + number })
      await synced
    }
    await readOf(0, changeOf(1, start - 50_000))
    expect(revocations.lag()).toBe(0)
    revocations.applyOwn([changeOf(2, start)])
    clock.advance(900)
    await readOf(1, changeOf(2, start), changeOf(3, start + 870))
    expect(revocations.lag()).toBe(30)
    clock.advance(1_000)
    await readOf(2, changeOf(3, start + 870), changeOf(4, start + 1_890))
    expect(revocations.lag()).toBe(30)
    for (let number = 3; number < 70; number++) {
      clock.advance(1_000)
      await readOf(number)
    }
    expect([revocations.lag(), revocations.gaps()]).toEqual([0, 0])
  })

  it('tells how long it has heard nothing, and that it cannot know what it missed', async () => {
    const revocations = service()
    const first = revocations.sync()
    reads[0]?.answer({})
    await first
    clock.advance(1_500)
    expect(revocations.lag()).toBe(0)
    clock.advance(6_000)
    expect(revocations.lag()).toBe(7_500)
    const second = revocations.sync()
    reads[1]?.answer({})
    await second
    expect([revocations.lag(), revocations.gaps()]).toEqual([0, 1])
    const restored = revocations.sync()
    reads[2]?.answer({ watermark: 0 })
    await new Promise((resolve) => setImmediate(resolve))
    reads[3]?.answer({ watermark: 0 })
    await restored
    expect(revocations.gaps()).toBe(2)
  })

  it('is not waited for without end: what is known counts when the database does not answer', async () => {
    vi.useFakeTimers()
    try {
      const revocations = service()
      const caught = revocations.catchUp()
      await vi.advanceTimersByTimeAsync(500)
      await caught
      // Nor is it asked again at once.
      await revocations.catchUp()
      expect(reads).toHaveLength(1)
      expect(revocations.isFresh()).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })
})
