import { describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../runtime/clock.js'
import { createSharedAddressWatch } from './shared-address-watch.js'

const PROXY = '10.0.0.9'

function watch() {
  const clock = new ManualClock()
  const error = vi.fn()
  return { see: createSharedAddressWatch({ error }, clock), error, clock }
}

describe('a proxy that is not trusted', () => {
  it('is told of once an hour, when all requests come through it', () => {
    const { see, error, clock } = watch()
    for (let each = 0; each < 99; each++) see(PROXY, `::ffff:${PROXY}`, `192.0.2.${each}`)
    expect(error).not.toHaveBeenCalled()
    for (let each = 0; each < 500; each++) see(PROXY, PROXY, `192.0.2.${each}`)
    expect(error).toHaveBeenCalledTimes(1)
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ address: PROXY }),
      expect.stringContaining('trust_proxy'),
    )
    clock.advance(3_600_000)
    see(PROXY, PROXY, '192.0.2.1')
    expect(error).toHaveBeenCalledTimes(2)
  })

  it.each<[string, (each: number) => Parameters<ReturnType<typeof watch>['see']>]>([
    ['a trusted proxy', (each) => [`192.0.2.${each}`, PROXY, `192.0.2.${each}`]],
    ['no proxy', () => [PROXY, PROXY, null]],
    ['many clients that forge the header', (each) => [`192.0.2.${each}`, `192.0.2.${each}`, `198.51.100.${each}`]],
    ['some who come directly', (each) => [PROXY, PROXY, each % 50 === 0 ? null : `192.0.2.${each}`]],
    ['one client behind it', () => [PROXY, PROXY, '192.0.2.1']],
    ['no address at all', () => [null, null, '192.0.2.1']],
  ])('is not suspected in %s', (_, request) => {
    const { see, error } = watch()
    for (let each = 0; each < 250; each++) see(...request(each))
    expect(error).not.toHaveBeenCalled()
  })
})
