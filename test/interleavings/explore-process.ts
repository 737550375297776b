// Run by the planted faults as a process of its own, over a copy of the source: plays schedules and prints what it found.
import { explore } from './explore.js'

const [schedules = '0', seed = '0'] = process.argv.slice(2)
const found = await explore({ schedules: Number(schedules), seed: Number(seed), shrinkFor: 0 })
console.log(JSON.stringify(found))
