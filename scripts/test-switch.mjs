import { build } from './build.mjs'
import { main, runTool } from './project.mjs'

/** The mode switch in full: 1,000 sessions for each switch, where `npm test` opens 40. SWITCH_SESSIONS changes that. */
await main(async () => {
  await build()
  const env = { SWITCH_SESSIONS: process.env.SWITCH_SESSIONS || '1000' }
  await runTool('vitest', ['run', ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/cluster'])], { env })
})
