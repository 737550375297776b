import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Gathering } from './gathering.js'

function gathering(most: number) {
  const asked: (readonly string[])[] = []
  const gathered = new Gathering<string, string>(async (keys) => {
    asked.push(keys)
    if (keys.includes('broken')) throw new Error('broken')
    return keys.map((key) => key.toUpperCase())
  }, most)
  return { asked, of: (key: string) => gathered.of(key) }
}

it('asks once for what is wanted in one turn of the event loop, and gives everybody their own answer', async () => {
  const { asked, of } = gathering(10)
  expect(await Promise.all(['a', 'b', 'a'].map(of))).toEqual(['A', 'B', 'A'])
  expect(await of('c')).toBe('C')
  expect(asked).toEqual([['a', 'b', 'a'], ['c']])
})

it('asks for no more at once than it may, and for the others without waiting', async () => {
  const { asked, of } = gathering(2)
  expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(of))).toEqual(['A', 'B', 'C', 'D', 'E'])
  expect(asked).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  await turn()
  expect(asked).toHaveLength(3)
})

it('tells all who asked together that it failed, and nobody else', async () => {
  const { of } = gathering(2)
  const outcomes = await Promise.allSettled(['a', 'broken', 'c'].map(of))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(await of('d')).toBe('D')
})

it('takes an answer too few for a failure', async () => {
  const gathered = new Gathering<string, string>(async () => ['only'], 10)
  const outcomes = await Promise.allSettled([gathered.of('a'), gathered.of('b')])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
