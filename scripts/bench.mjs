import { build } from './build.mjs'
import { main, runTool } from './project.mjs'

/** Measures one thing: `npm run bench -- <name>`, see bench/README.md. */
await main(async () => {
  await build()
  await runTool('tsx', ['bench/run.ts', ...process.argv.slice(2)])
})
