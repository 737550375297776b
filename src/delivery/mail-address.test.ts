import { describe, expect, it } from 'vitest'
import { assertOneAddress } from './mail-address.js'

// ASVS 1.3.11
describe('the address of a message', () => {
  it.each(['anna@example.com', "o'neill+tag@localhost", 'rené@xn--bcher-kva.example'])('may be %s', (text) => {
    expect(() => assertOneAddress(text)).not.toThrow()
  })

  it.each([
    'anna@example.com\r\nBcc: victim@example.com',
    'anna@example.com,victim@example.com',
    'anna@example.com;victim@example.com',
    'Anna <anna@example.com>',
    '"anna@example.com" victim@example.com',
    'anna@example.com@example.org',
    '@example.com',
    'anna@',
    'anna',
    '',
    `${'a'.repeat(250)}@example.com`,
  ])('is never %j', (text) => {
    expect(() => assertOneAddress(text)).toThrow('exactly one address')
  })
})
