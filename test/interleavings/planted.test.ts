import { expect, it } from 'vitest'
import { PLANTED } from './planted.js'
import { explorePlanted } from './planted-source.js'

const MOST_SCHEDULES = 6_000
const SEED = 20260101

/** `npm run test:interleavings` plants them all; `npm test` the first, since each takes hundreds of schedules. */
const CHOSEN = process.env['INTERLEAVINGS'] === undefined ? PLANTED.slice(0, 1) : PLANTED

it.each(CHOSEN)(
  'a node that %s is found',
  async (title, edit, invariants) => {
    const { schedules, violations } = await explorePlanted([edit], MOST_SCHEDULES, SEED)
    const fallen = [...new Set(violations.map(({ invariant }) => invariant))]
    console.log(`${title}: ${fallen.join(', ') || 'not found'} after ${schedules} schedules`)
    expect(invariants).toEqual(expect.arrayContaining(fallen.slice(0, 1)))
    expect(fallen).not.toEqual([])
  },
  600_000,
)
