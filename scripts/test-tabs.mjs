import { main, runTool } from './project.mjs'

/** Two tabs of Chromium that refresh at once in full: 200 rounds each, where `npm test` plays 10. TAB_ROUNDS changes that. */
await main(async () => {
  const env = { TAB_ROUNDS: process.env.TAB_ROUNDS || '200' }
  await runTool('vitest', ['run', 'test/browser/two-tabs.test.ts', ...process.argv.slice(2)], { env })
})
