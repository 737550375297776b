import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { installDependencies } from './install-dependencies.mjs'
import { cache, main, runNpm, runTool, ScriptError } from './project.mjs'

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
  const folder = mkdtempSync(join(cache, 'pack-'))
  try {
    await runNpm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { quiet: true })
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
    if (tarball === undefined) throw new ScriptError('npm pack made no package')
    await runTool('publint', ['run', join(folder, tarball), '--strict'])
    await runTool('attw', [join(folder, tarball), '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
