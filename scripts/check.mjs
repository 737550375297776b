import { build } from './build.mjs'
import { installDependencies } from './install-dependencies.mjs'
import { pack } from './pack.mjs'
import { main, runNpm, runTool, ScriptError } from './project.mjs'

/** Everything that must hold before a change is merged; the cheapest first. `--bail` stops at the first failure. */
const STEPS = [
  [
    'lock file',
    () =>
      runNpm(['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true }),
  ],
  ['build', build],
  ['typecheck', () => runTool('tsc', ['--noEmit', '-p', 'tsconfig.json'])],
  ['lint and format', () => runTool('biome', ['ci', '.'])],
  ['dead code', () => runTool('knip', [])],
  ['generated files', () => runTool('tsx', ['scripts/generate.ts', '--check'])],
  ['package', checkPackage],
  ['tests', () => runNpm(['test', '--silent'])],
]

await main(async () => {
  const bail = process.argv.includes('--bail')
  await installDependencies()
  const failed = []
  for (const [name, step] of STEPS) {
    const started = performance.now()
    console.log(`\n== ${name}`)
    let outcome = 'ok'
    try {
      await step()
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error
      console.error(error.message)
      outcome = 'FAILED'
      failed.push(name)
    }
    console.log(`== ${name}: ${outcome}, ${((performance.now() - started) / 1000).toFixed(1)} s`)
    if (bail && failed.length > 0) break
  }
  if (failed.length > 0) throw new ScriptError(`failed: ${failed.join(', ')}`)
  console.log('\nsallyport: everything holds')
})

/** Looks at the very file that would be published, not at the folder it is made from. */
async function checkPackage() {
  const tarball = await pack()
  await runTool('publint', ['run', tarball, '--strict'])
  await runTool('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'])
}
