import { expect, it } from 'vitest'
import { Memo } from './memo.js'

it('gives the same for the same text, and holds no more than it may', () => {
  const made: string[] = []
  const memo = new Memo((text) => {
    made.push(text)
    return { text }
  }, 2)
  expect(memo.of('a')).toBe(memo.of('a'))
  expect(memo.of('b')).not.toBe(memo.of('a'))
  memo.of('c')
  expect(memo.of('a')).toEqual({ text: 'a' })
  expect(made).toEqual(['a', 'b', 'c', 'a'])
})

it('remembers nothing of a text that nothing can be made of', () => {
  let attempts = 0
  const memo = new Memo(() => {
    attempts++
    throw new Error('no')
  }, 2)
  expect(() => memo.of('x')).toThrow('no')
  expect(() => memo.of('x')).toThrow('no')
  expect(attempts).toBe(2)
})
