import { describe, expect, it } from 'vitest'
import { MasterKey, SealError } from './master-key.js'

const key = new MasterKey('a master key that is used in tests alone')

// ASVS 11.3.2, 11.3.3
describe('the master key', () => {
  it('opens what it sealed, for the same purpose', () => {
    const sealed = key.seal('keys/1', Buffer.from('inner key'))
    expect(key.open('keys/1', sealed).toString()).toBe('inner key')
  })

  it('seals the same bytes differently each time', () => {
    expect(key.seal('p', Buffer.from('x'))).not.toEqual(key.seal('p', Buffer.from('x')))
  })

  it('refuses another purpose, another key, a truncated text, and every single flipped byte', () => {
    const sealed = key.seal('keys/1', Buffer.from('inner key'))
    expect(() => key.open('keys/2', sealed)).toThrow(SealError)
    expect(() => new MasterKey('another master key, used in tests alone').open('keys/1', sealed)).toThrow(SealError)
    expect(() => key.open('keys/1', sealed.subarray(0, 20))).toThrow(SealError)
    for (let at = 0; at < sealed.length; at++) {
      const altered = Buffer.from(sealed)
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(() => key.open('keys/1', altered)).toThrow(SealError)
    }
  })

  it('knows its own check value, and no other', () => {
    expect(key.matches(new MasterKey('a master key that is used in tests alone').checkValue)).toBe(true)
    expect(key.matches(new MasterKey('a master key that is used in tests alone!').checkValue)).toBe(false)
    expect(key.matches('')).toBe(false)
  })
})
