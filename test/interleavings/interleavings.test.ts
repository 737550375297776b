import { expect, it } from 'vitest'
import { explore } from './explore.js'

/** `npm run test:interleavings` plays 20,000; a seed that failed is played again with INTERLEAVINGS_SEED. */
const SCHEDULES = Number(process.env['INTERLEAVINGS'] || '100')
const SEED = Number(process.env['INTERLEAVINGS_SEED'] || '20260101')

it('no schedule of nodes, hints and clocks brings back the dead, signs out the living or forks a family', async () => {
  const { schedules, turns, violations, plan } = await explore({
    schedules: SCHEDULES,
    seed: SEED,
    shrinkFor: 30_000,
  })
  console.log(`${schedules} schedules of ${turns} turns played, seed ${SEED}`)
  expect(violations, `broken by ${plan}`).toEqual([])
  expect(schedules).toBe(SCHEDULES)
  // Every schedule has its sign-ins and its last questions at least.
  expect(turns).toBeGreaterThan(50 * schedules)
}, 3_600_000)
