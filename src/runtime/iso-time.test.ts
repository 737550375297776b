import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isoTime } from './iso-time.js'

const FARTHEST = 8.64e15

it('writes a time as toISOString does', () => {
  const time = fc.oneof(
    fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
    fc.integer({ min: -FARTHEST, max: FARTHEST - 86_400_000 }),
    fc.double({ min: -1e12, max: 1e13, noNaN: true }),
  )
  fc.assert(fc.property(time, (milliseconds) => isoTime(milliseconds) === new Date(milliseconds).toISOString()))
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => isoTime(none)).toThrow(RangeError)
})
