import { main, runTool } from './project.mjs'

/** The fuzz in full: 100,000 requests in each mode. FUZZ_REQUESTS changes the number, FUZZ_SEED what is sent. */
await main(async () => {
  const env = { FUZZ_REQUESTS: process.env.FUZZ_REQUESTS || '100000', FRAMES: process.env.FRAMES || '20000' }
  await runTool('vitest', ['run', ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/fuzz'])], { env })
})
