import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PasswordHashQueue } from './password-hash-queue.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A hash that ends when the test says so. */
function pending() {
  let finish: () => void = () => undefined
  const promise = new Promise<void>((resolve) => {
    finish = resolve
  })
  return { work: vi.fn(() => promise), finish: () => finish() }
}

describe('the queue of password hashes', () => {
  it('runs no more at once than it may, and the others in the order they came', async () => {
    const queue = new PasswordHashQueue({ concurrency: 2, longest: 10, deadline: 1_000 })
    const hashes = [pending(), pending(), pending(), pending()]
    const results = hashes.map(({ work }) => queue.run('argon2id', work))
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
    const results = [queue.run('argon2id', first.work), queue.run('argon2id', second.work)]
    await expect(queue.run('argon2id', third.work)).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 })
    expect(third.work).not.toHaveBeenCalled()
    first.finish()
    second.finish()
    await Promise.all(results)
    await expect(queue.run('argon2id', async () => 'served again')).resolves.toBe('served again')
  })

  it('gives up who has waited too long, without ever hashing for them', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 5, deadline: 1_000 })
    const [first, second] = [pending(), pending()]
    const served = queue.run('argon2id', first.work)
    const late = expect(queue.run('argon2id', second.work)).rejects.toMatchObject({ code: 'overloaded' })
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
    await expect(queue.run('argon2id', failing)).rejects.toThrow('native failure')
    await expect(queue.run('argon2id', async () => 1)).resolves.toBe(1)
  })

  it('refuses whoever waits when it closes', async () => {
    const queue = new PasswordHashQueue({ concurrency: 1, longest: 5, deadline: 1_000 })
    const first = pending()
    const served = queue.run('argon2id', first.work)
    const waiting = expect(queue.run('argon2id', async () => 1)).rejects.toMatchObject({ code: 'overloaded' })
    queue.close()
    await waiting
    first.finish()
    await served
  })
})
