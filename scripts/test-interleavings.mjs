import { main, runTool } from './project.mjs'

/** The interleavings in full: 20,000 schedules, where `npm test` plays 100. INTERLEAVINGS and INTERLEAVINGS_SEED change that. */
await main(async () => {
  const env = { INTERLEAVINGS: process.env.INTERLEAVINGS || '20000' }
  const paths = process.argv.length > 2 ? process.argv.slice(2) : ['test/interleavings']
  await runTool('vitest', ['run', ...paths], { env })
})
