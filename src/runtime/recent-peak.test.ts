import { describe, expect, it } from 'vitest'
import { RecentPeak } from './recent-peak.js'

describe('the recent peak', () => {
  it('is the highest value of the window, and is forgotten after it', () => {
    const peak = new RecentPeak(60_000)
    expect(peak.at(0)).toBe(0)
    peak.note(5, 1_000)
    peak.note(2, 2_000)
    peak.note(3, 30_000)
    expect(peak.at(30_000)).toBe(5)
    expect(peak.at(59_999)).toBe(5)
    expect(peak.at(60_000)).toBe(3)
    expect(peak.at(90_000)).toBe(0)
  })

  it('holds on to nothing more when much is noted', () => {
    const peak = new RecentPeak(60_000)
    for (let now = 0; now < 600_000; now += 100) peak.note(now % 7, now)
    expect(peak.at(600_000)).toBe(6)
  })
})
