import { expect, it } from 'vitest'
import { recentlyUsed } from './recently-used.js'

it('holds as many as it may, and drops the one that was used least recently', () => {
  const cache = recentlyUsed<string, number>(3)
  for (const [at, name] of ['a', 'b', 'c'].entries()) cache.set(name, at)
  cache.get('a')
  cache.set('d', 3).set('c', 4)
  expect([...cache.entries()]).toEqual([
    ['c', 4],
    ['d', 3],
    ['a', 0],
  ])
})
