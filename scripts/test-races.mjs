import { main, runTool } from './project.mjs'

/** The races for one-time tokens in full: 500 rounds of each kind, where `npm test` plays a few. RACE_ROUNDS changes that. */
await main(async () => {
  const env = { RACE_ROUNDS: process.env.RACE_ROUNDS || '500' }
  await runTool('vitest', ['run', 'test/flows/one-time-races.test.ts', ...process.argv.slice(2)], { env })
})
