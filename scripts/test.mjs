import { build } from './build.mjs'
import { main, runTool } from './project.mjs'
import { provideChromium, provideNginx, provideRedis } from './system-packages.mjs'

/** Runs every test, or those that the arguments name in vitest's own way. A part that cannot be tested fails the run. */
await main(async () => {
  const filters = process.argv.slice(2)
  // Some tests run the built program and the packed package.
  await build()
  const env = {}
  if (['browser', 'examples'].some((folder) => mayRun(folder, filters))) {
    env.CHROMIUM_PATH = await provideChromium()
  }
  if (['redis', 'verifier'].some((folder) => mayRun(folder, filters))) await provideRedis()
  if (mayRun('proxies', filters)) await provideNginx()
  await runTool('vitest', ['run', ...filters], { env })
})

/**
 * @param {string} folder
 * @param {readonly string[]} filters
 */
function mayRun(folder, filters) {
  const paths = filters.filter((filter) => !filter.startsWith('-'))
  return paths.length === 0 || paths.some((path) => path.includes(folder))
}
