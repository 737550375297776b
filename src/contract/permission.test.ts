import { describe, expect, it } from 'vitest'
import { isPermitted } from './permission.js'

describe('covers', () => {
  it.each([
    ['users:read', 'users:read'],
    ['users:*', 'users:read'],
    ['*:read', 'users:read'],
    ['*:*', 'users:read'],
    ['*', 'users:read'],
  ])('%s covers %s', (held, needed) => {
    expect(isPermitted(['other:thing', held], needed)).toBe(true)
  })

  it.each([
    ['users:read', 'users:write'],
    ['users:*', 'sessions:read'],
    ['users', 'users:read'],
    ['users:', 'users:read'],
    ['user*:read', 'users:read'],
    ['users:*:x', 'users:read'],
    ['', 'users:read'],
    ['users:read', '*'],
    ['users:read', 'users:*'],
  ])('%s does not cover %s', (held, needed) => {
    expect(isPermitted([held], needed)).toBe(false)
  })

  it('nothing covers nothing', () => {
    expect(isPermitted([], 'users:read')).toBe(false)
  })
})
