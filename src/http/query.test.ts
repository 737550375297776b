import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { listParameters, parseQuery } from './query.js'

const lists = listParameters(z.object({ tag: z.array(z.string()).optional(), size: z.coerce.number() }))

// ASVS 2.2.1
describe('listParameters', () => {
  it('refuses a schema whose parameters it cannot see', () => {
    expect(() => listParameters(z.string())).toThrow(/object/)
    expect(() => listParameters(z.object({ a: z.string() }).meta({ id: 'Query' }))).toThrow(/no name/)
  })
})

describe('parseQuery', () => {
  it('makes strings, and lists where the schema has a list', () => {
    expect(parseQuery('size=3&tag=a&tag=b%20c', lists)).toEqual({ size: '3', tag: ['a', 'b c'] })
    expect(parseQuery('tag=a', lists)).toEqual({ tag: ['a'] })
    expect(parseQuery('a=1+2&b&c==x&&', lists)).toEqual({ a: '1 2', b: '', c: '=x' })
    expect(parseQuery('', lists)).toEqual({})
  })

  it.each(['size=1&size=2', 'size=1&%73ize=2', 'a=1&a=1', '__proto__=1&__proto__=2'])('refuses `%s`', (text) => {
    expect(() => parseQuery(text, lists)).toThrow('invalid_request')
  })

  it.each(['a=%', 'a=%zz', 'a=%ff', '%c0%80=1', 'a=%00', `${'a=1&b=2&'.repeat(33)}`])('refuses `%s`', (text) => {
    expect(() => parseQuery(text, lists)).toThrow('invalid_request')
  })

  it('does not touch a prototype', () => {
    const query = parseQuery('__proto__=1&toString=2', lists)
    expect(Object.getPrototypeOf(query)).toBe(Object.prototype)
    expect(Object.keys(query)).toEqual(['__proto__', 'toString'])
  })
})
