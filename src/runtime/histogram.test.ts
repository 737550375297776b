import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.js'

describe('a histogram', () => {
  it('counts what is at most the bound, and at the end what is beyond them all', () => {
    const histogram = new Histogram([1, 5])
    for (const value of [0, 1, 1.01, 5, 5.01, 1e9]) histogram.observe(value)
    expect(histogram.counts).toEqual([2, 2, 2])
    expect(histogram.sum).toBeCloseTo(1e9 + 12.02)
  })
})
