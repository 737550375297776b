import { expect, it } from 'vitest'
import { PLANTED } from './planted.js'
import { explorePlanted } from './planted-source.js'

const SEED = 20260101
/** Those that show at once are planted in every run, the others in the full one: a search of minutes. */
const isFull = process.env['INTERLEAVINGS'] !== undefined
const AT_ONCE = 10

it.each(PLANTED.filter(([, , , needed]) => isFull || needed <= AT_ONCE))(
  'a node that %s is found',
  async (title, edit, invariants) => {
    const { schedules, violations } = await explorePlanted([edit], isFull ? 6_000 : 200, SEED)
    const fallen = [...new Set(violations.map(({ invariant }) => invariant))]
    console.log(`${title}: ${fallen.join(', ') || 'not found'} after ${schedules} schedules`)
    expect(fallen.filter((invariant) => invariants.some((expected) => expected === invariant))).not.toEqual([])
  },
  3_600_000,
)

it('a fault that does not fit the source is no fault', async () => {
  const edit = { file: 'auth.ts', from: 'a text that stands nowhere', to: '' }
  await expect(explorePlanted([edit], 1, SEED)).rejects.toThrow('holds the text to change 0 times')
})
