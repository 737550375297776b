import { describe, expect, it } from 'vitest'
import { requireLoopback } from './require-loopback.js'
import { StartError } from './start-error.js'

const leadsTo = (...addresses: string[]) =>
  requireLoopback('localhost', async () => addresses.map((address) => ({ address })))

describe('a host that must be this machine alone', () => {
  it.each([[['127.0.0.1']], [['::1', '127.0.0.1']], [['127.0.1.1']]])('may lead to %j', async (addresses) => {
    await leadsTo(...addresses)
  })

  it.each([[['192.168.1.7']], [['127.0.0.1', '192.168.1.7']], [['::']], [['0.0.0.0']], [['fe80::1']], [[]]])(
    'must not lead to %j',
    async (addresses) => {
      await expect(leadsTo(...addresses)).rejects.toThrow(StartError)
    },
  )

  it('must lead somewhere', async () => {
    const nowhere = requireLoopback('localhost', () => Promise.reject(new Error('ENOTFOUND')))
    await expect(nowhere).rejects.toThrow(StartError)
  })

  it('is found by the system’s own resolver', async () => {
    await requireLoopback('127.0.0.1')
    await expect(requireLoopback('203.0.113.9')).rejects.toThrow('203.0.113.9')
  })
})
