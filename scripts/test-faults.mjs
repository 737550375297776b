import { build } from './build.mjs'
import { main, runTool } from './project.mjs'

/** The fault tests in full: 25 times kill -9 on each database, where `npm test` does it twice. FAULT_KILLS changes that. */
await main(async () => {
  await build()
  const env = { FAULT_KILLS: process.env.FAULT_KILLS || '25' }
  await runTool('vitest', ['run', ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/faults'])], { env })
})
