import { main, runTool } from './project.mjs'

/** Takes each defence out of a copy of the source in turn, and expects its tests to fail: minutes, so by hand. */
await main(() => runTool('tsx', ['test/defences/run-defences.ts', ...process.argv.slice(2)]))
