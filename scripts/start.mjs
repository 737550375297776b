import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { main, root } from './project.mjs'

await main(async () => {
  await build()
  const program = join(root, 'dist', 'cli', 'main.js')
  // In this very process, so that signals and the exit code need no forwarding.
  process.argv = [process.execPath, program, 'serve', ...process.argv.slice(2)]
  await import(pathToFileURL(program).href)
})
