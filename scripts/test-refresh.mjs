import { main, runTool } from './project.mjs'

/** The races for one refresh token in full: 2,000 rounds each, where `npm test` plays 15. REFRESH_ROUNDS changes that. */
await main(async () => {
  const env = { REFRESH_ROUNDS: process.env.REFRESH_ROUNDS || '2000' }
  await runTool('vitest', ['run', 'test/flows/refresh-race.test.ts', ...process.argv.slice(2)], { env })
})
