import { expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../runtime/logger.js'
import { openRedisLink } from './redis-link.js'

it('leaves a Redis alone that did not answer in time, until a sign of life', async () => {
  const asked: string[] = []
  let answers = true
  const link = openRedisLink({
    connect: async () => ({
      command: async (_key, words) => {
        asked.push(words.join(' '))
        return answers ? 'OK' : new Promise(() => undefined)
      },
      isSpread: false,
      subscribe: async () => undefined,
      lost: new Promise(() => undefined),
      destroy: () => undefined,
    }),
    prepare: async () => undefined,
    beat: (session) => session.command(undefined, ['PING']),
    logger: silentLogger,
    url: 'redis://cache',
    loss: 'lost',
  })
  onTestFinished(() => link.close())
  await link.attempted
  expect(await link.command('k', ['GET', 'k'])).toBe('OK')
  answers = false
  await expect(link.command('k', ['GET', 'slow'])).rejects.toThrow('no answer within 50 ms')
  await expect(link.command('k', ['GET', 'again'])).rejects.toThrow('no answer within 50 ms')
  expect(asked).not.toContain('GET again')
  expect(() => link.check()).toThrow('Redis at redis://cache: no answer')
  answers = true
  await expect.poll(() => link.isUsable(), { timeout: 10_000 }).toBe(true)
  expect(await link.command('k', ['GET', 'k'])).toBe('OK')
})
