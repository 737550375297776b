import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Deadline } from './deadline.js'

const never = () => new Promise<never>(() => undefined)

it('gives what is there in time, and what failed in time as it failed', async () => {
  const deadline = new Deadline(10_000)
  expect(await deadline.within(Promise.resolve('here'))).toBe('here')
  await expect(deadline.within(Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

it('gives up each by its own time, whatever was asked before and after it', async () => {
  const deadline = new Deadline(20)
  const asked = performance.now()
  const took = async (work: Promise<never>) => {
    const begun = performance.now()
    await expect(deadline.within(work)).rejects.toThrow('no answer within 20 ms')
    return performance.now() - begun
  }
  const first = took(never())
  await sleep(5)
  const second = took(never())
  expect(await deadline.within(Promise.resolve('at once'))).toBe('at once')
  for (const time of [await first, await second]) expect(time).toBeGreaterThanOrEqual(20)
  expect(performance.now() - asked).toBeGreaterThanOrEqual(25)
  // It watches again after it had nothing to watch.
  expect(await took(never())).toBeGreaterThanOrEqual(20)
})
