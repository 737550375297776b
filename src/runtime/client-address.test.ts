import { describe, expect, it } from 'vitest'
import { addressBucket, createClientAddress, normalizeAddress } from './client-address.js'

// ASVS 4.1.3
describe('createClientAddress', () => {
  const behind = createClientAddress(['10.0.0.0/8', '2001:db8:1::/48', '127.0.0.1'])

  it('is the address of the connection, canonical', () => {
    const direct = createClientAddress([])
    expect(direct('203.0.113.7', null)).toBe('203.0.113.7')
    expect(direct('::ffff:203.0.113.7', null)).toBe('203.0.113.7')
    expect(direct('2001:0DB8::0001', null)).toBe('2001:db8::1')
    expect(direct('fe80::1%eth0', null)).toBe('fe80::1')
    expect(direct(null, '203.0.113.7')).toBeNull()
    expect(direct('not an address', null)).toBeNull()
  })

  it('believes nothing that a stranger forwards', () => {
    expect(behind('203.0.113.7', '198.51.100.1')).toBe('203.0.113.7')
    expect(createClientAddress([])('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1')
  })

  it.each([
    ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['2001:db8:1::5', '2001:db8:2::9', '2001:db8:2::9'],
    ['10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '198.51.100.1:5123', '198.51.100.1'],
    ['10.0.0.1', '[2001:db8:2::9]:5123', '2001:db8:2::9'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ])('from %s with `%s` it is %s', (remote, forwarded, client) => {
    expect(behind(remote, forwarded)).toBe(client)
  })

  it.each(['', 'unknown', '_hidden', '6.6.6.6, nonsense', '127.1', '0x7f.0.0.1', '010.0.0.1', ','])(
    'stops at what is no address: `%s`',
    (forwarded) => {
      expect(behind('10.0.0.1', forwarded)).toBe('10.0.0.1')
    },
  )

  it('reads a bounded number of hops', () => {
    expect(behind('10.0.0.1', `6.6.6.6${', 10.0.0.2'.repeat(5000)}`)).toBe('10.0.0.2')
  })

  it('takes a range of IPv4 that is written as IPv6', () => {
    const mapped = createClientAddress(['::ffff:10.0.0.0/104'])
    expect(mapped('10.1.2.3', '198.51.100.1')).toBe('198.51.100.1')
    expect(mapped('::ffff:10.1.2.3', '198.51.100.1')).toBe('198.51.100.1')
    expect(mapped('11.1.2.3', '198.51.100.1')).toBe('11.1.2.3')
  })

  it('refuses a range that is none, when it is made', () => {
    expect(() => createClientAddress(['10.0.0.0/33'])).toThrow()
    expect(() => createClientAddress(['proxy.internal'])).toThrow()
  })
})

describe('addressBucket', () => {
  it('is the address for IPv4, the /64 for IPv6, and one for all that are unknown', () => {
    expect(addressBucket('203.0.113.7')).toBe('203.0.113.7')
    expect(addressBucket('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(addressBucket('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
    expect(addressBucket('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64')
    expect(addressBucket('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64')
    expect(addressBucket(null)).toBe('unknown')
  })

  it('is not one for all of IPv4 behind a translator', () => {
    expect(addressBucket('64:ff9b::203.0.113.7')).not.toBe(addressBucket('64:ff9b::203.0.113.8'))
    expect(addressBucket('::ffff:0:203.0.113.7')).not.toBe(addressBucket('::ffff:0:203.0.113.8'))
  })
})

describe('normalizeAddress', () => {
  it('takes only what is written in full', () => {
    expect(normalizeAddress(' 10.0.0.1 ')).toBe('10.0.0.1')
    for (const text of ['10.1', '1', '10.0.0.256', '', '::g']) expect(normalizeAddress(text)).toBeNull()
  })
})
