import { build } from './build.mjs'
import { isInstalled } from './install-dependencies.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { main, runNpm, runTool } from './project.mjs'
import { provideRedis } from './system-packages.mjs'

/** Measures, side by side with others where they can be installed: see bench/README.md. */
await main(async () => {
  await build()
  await provideRedis()
  const env = { SALLYPORT_BENCH_PEERS_MISSING: await installPeers() }
  await runTool('tsx', ['bench/run.ts', ...process.argv.slice(2)], { env })
})

/**
 * Installs what `bench/package-lock.json` names, which nothing else needs.
 * @returns {Promise<string>} why the peers are missing, or nothing
 */
async function installPeers() {
  if (isInstalled('bench')) return ''
  return oneAtATime('install-peers', async () => {
    if (isInstalled('bench')) return ''
    console.error('sallyport: installing what is compared with')
    try {
      const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
      await runNpm(['ci', '--prefix', 'bench', ...quiet], { quiet: true })
      return ''
    } catch (error) {
      console.error(`sallyport: without peers: ${error.message}`)
      return 'the packages of bench/package-lock.json could not be installed'
    }
  })
}
