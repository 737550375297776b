import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SallyportError } from '../../contract/sallyport-error.js'
import { PasswordHashQueue } from './password-hash-queue.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HERE = ['one', '192.0.2.0/24', '192.0.2.1']

/** A hash that ends when the test says so. */
function pending() {
  let finish: () => void = () => undefined
  const promise = new Promise<void>((resolve) => {
    finish = resolve
  })
  return { work: vi.fn(() => promise), finish: () => finish() }
}

// ASVS 2.4.1
describe('the queue of password hashes', () => {
  it('runs no more at once than it may, and the others in the order they came', async () => {
    const queue = new PasswordHashQueue({ concurrency: 2, longest: 10, deadline: 1_000 })
    const hashes = [pending(), pending(), pending(), pending()]
    const results = hashes.map(({ work }) => queue.run('argon2id', HERE, work))
    await vi.advanceTimersByTimeAsync(0)
    expect(hashes.map(({ work }) => work.mock.calls.length)).toEqual([1, 1, 0, 0])
    hashes[1]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(hashes.map(({ work }) => work.mock.calls.length)).toEqual([1, 1, 1, 0])
    for (const { finish } of hashes) finish()
    await Promise.all(results)
    expect(queue.depth).toBe(0)
  })

  it('answers `overloaded` with the seconds to wait once the queue is full', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 1, deadline: 1_000 })
    const [first, second, third] = [pending(), pending(), pending()]
    const results = [queue.run('argon2id', HERE, first.work), queue.run('argon2id', HERE, second.work)]
    await expect(queue.run('argon2id', HERE, third.work)).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 })
    expect(third.work).not.toHaveBeenCalled()
    first.finish()
    second.finish()
    await Promise.all(results)
    await expect(queue.run('argon2id', HERE, async () => 'served again')).resolves.toBe('served again')
  })

  it('lets who has gone away leave, and make room at once', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 1, deadline: 1_000 })
    const [first, second, third] = [pending(), pending(), pending()]
    const client = new AbortController()
    const served = queue.run('argon2id', HERE, first.work, client.signal)
    const waiting = queue.run('argon2id', HERE, second.work, client.signal)
    client.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'overloaded' })
    await expect(queue.run('argon2id', HERE, third.work, client.signal)).rejects.toMatchObject({ code: 'overloaded' })
    expect(queue.depth).toBe(0)
    const next = queue.run('argon2id', HERE, third.work)
    first.finish()
    // What had begun is finished.
    await served
    third.finish()
    await next
    expect(second.work).not.toHaveBeenCalled()
  })

  it('gives up who has waited too long, without ever hashing for them', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 5, deadline: 1_000 })
    const [first, second] = [pending(), pending()]
    const served = queue.run('argon2id', HERE, first.work)
    const late = expect(queue.run('argon2id', HERE, second.work)).rejects.toMatchObject({ code: 'overloaded' })
    await vi.advanceTimersByTimeAsync(1_000)
    await late
    first.finish()
    await served
    expect(second.work).not.toHaveBeenCalled()
    expect(queue.depth).toBe(0)
  })

  it('keeps its places when a hash fails', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 5, deadline: 1_000 })
    const failing = async () => {
      throw new Error('native failure')
    }
    await expect(queue.run('argon2id', HERE, failing)).rejects.toThrow('native failure')
    await expect(queue.run('argon2id', HERE, async () => 1)).resolves.toBe(1)
  })

  it('refuses whoever waits when it closes', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 5, deadline: 1_000 })
    const first = pending()
    const served = queue.run('argon2id', HERE, first.work)
    const waiting = expect(queue.run('argon2id', HERE, async () => 1)).rejects.toMatchObject({ code: 'overloaded' })
    queue.close()
    await waiting
    first.finish()
    await served
  })

  it('lets no more sign-ins begin than it has room for, and so few that most wait without having done anything', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 5, deadline: 1_000 })
    const signIns = Array.from({ length: 7 }, pending)
    const results = signIns.map(({ work }) => queue.signIn(HERE, () => queue.run('argon2id', HERE, work)))
    const refused = expect(results[6]).rejects.toMatchObject({ code: 'overloaded' })
    const late = vi.fn(async () => undefined)
    await expect(queue.signIn(HERE, late)).rejects.toMatchObject({ code: 'overloaded' })
    await refused
    expect(late).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(0)
    // One hash, three beside it that have begun, two that have not.
    expect(signIns.map(({ work }) => work.mock.calls.length)).toEqual([1, 0, 0, 0, 0, 0, 0])
    expect(queue.depth).toBe(5)
    for (const { finish } of signIns) finish()
    await Promise.all(results.slice(0, 6))
    expect(queue.depth).toBe(0)
  })

  describe('where one address sends ten times what there is room for', () => {
    /** One at a time; `flood` waiting from here, then the others. */
    async function flooded(longest: number, flood: number) {
      const queue = new PasswordHashQueue({ concurrency: 1, longest, deadline: 60_000 })
      const order: string[] = []
      const first = pending()
      const all = [queue.run('argon2id', HERE, first.work)]
      const outcomes: string[] = []
      const send = (name: string, lane: readonly string[]) => {
        const sent = queue.run('argon2id', lane, async () => void order.push(name))
        const told = sent.then(
          () => 'served',
          (error: unknown) => (error instanceof SallyportError ? error.code : 'failed'),
        )
        all.push(told.then((outcome) => void outcomes.push(`${name} ${outcome}`)))
      }
      for (let each = 0; each < flood; each++) send('flood', HERE)
      return {
        send,
        async finish() {
          first.finish()
          await Promise.all(all)
          return { order, outcomes }
        },
      }
    }

    it('serves another address after one of the flood, not after all of it', async () => {
      const { send, finish } = await flooded(100, 50)
      send('other', ['one', '192.0.2.0/24', '192.0.2.2'])
      send('tenant', ['two', '192.0.2.0/24', '192.0.2.1'])
      const { order } = await finish()
      expect(order.indexOf('other')).toBeLessThanOrEqual(3)
      expect(order.indexOf('tenant')).toBeLessThanOrEqual(2)
      expect(order).toHaveLength(52)
    })

    it('has room for others in a full queue, at the cost of the flood alone', async () => {
      const { send, finish } = await flooded(10, 100)
      for (let each = 0; each < 4; each++) send('other', ['one', '192.0.2.0/24', `192.0.2.${each + 2}`])
      send('tenant', ['two', '192.0.2.0/24', '192.0.2.1'])
      const { order, outcomes } = await finish()
      expect(order.filter((name) => name !== 'flood').toSorted()).toEqual([
        'other',
        'other',
        'other',
        'other',
        'tenant',
      ])
      expect(outcomes.filter((outcome) => outcome === 'flood served')).toHaveLength(5)
      expect(outcomes.filter((outcome) => outcome === 'flood overloaded')).toHaveLength(95)
    })

    it('has room for others also where the flood never comes from one address twice', async () => {
      const { send, finish } = await flooded(10, 0)
      for (let each = 0; each < 50; each++) send('flood', ['one', '2001:db8::/48', `2001:db8:0:${each}::/64`])
      for (let each = 0; each < 3; each++) send('other', ['one', '192.0.2.0/24', `192.0.2.${each}`])
      const { order } = await finish()
      expect(order).toHaveLength(10)
      expect(order.slice(0, 6).filter((name) => name === 'other')).toHaveLength(3)
    })

    it('gives a tenant with many addresses no more than one with a single one', async () => {
      const { send, finish } = await flooded(100, 0)
      for (let each = 0; each < 20; each++) send('many', ['two', '198.51.100.0/24', `198.51.100.${each}`])
      for (let each = 0; each < 5; each++) send('single', HERE)
      const { order } = await finish()
      expect(order.slice(0, 10).filter((name) => name === 'single')).toHaveLength(5)
    })
  })
})
