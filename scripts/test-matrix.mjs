import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { build } from './build.mjs'
import { cache, main, root, run, ScriptError } from './project.mjs'
import { provideNode } from './provide-node.mjs'
import { provideRedis } from './system-packages.mjs'

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** The oldest that package.json allows, to the patch, and the newest of the later lines. */
const VERSIONS = [engines.node.replace('>=', ''), '22', '24']

/**
 * What can differ between versions of Node.js, in minutes: our code and its binaries, HTTP and sockets, frameworks,
 * the client, the packed package. PostgreSQL answers the stores alone, since the stories do not know which database they are on.
 * Left out is what tries others, not us: browsers, proxies, faults, load.
 */
const SUITES = [
  { name: 'units, stories', args: ['src', 'test/flows', '-t', '^(?!.* on postgres)'] },
  { name: 'stores', args: ['test/stores', 'test/databases'] },
  { name: 'HTTP, sockets', args: ['test/http', 'test/websockets', 'test/vectors', 'test/program/serve'] },
  { name: 'adapters, client', args: ['test/adapters', 'test/client', 'test/verifier'] },
  { name: 'package', args: ['test/package'] },
]

/** Runs the quick suite on each Node.js that is supported. `npm run test:matrix -- 24` runs it on one. */
await main(async () => {
  const wanted = process.argv.slice(2)
  await build()
  await provideRedis()
  const rows = []
  for (const line of wanted.length > 0 ? wanted : VERSIONS) {
    const { program, version } = await provideNode(line)
    for (const suite of SUITES) {
      console.log(`\n== Node.js ${version}: ${suite.name}`)
      rows.push(await runSuite(program, version, suite))
    }
  }
  console.log(`\n${tableOf(rows)}`)
  const wrong = rows.filter(({ outcome }) => outcome !== 'ok')
  if (wrong.length > 0) {
    throw new ScriptError(`failed: ${wrong.map(({ version, suite }) => `${suite} on ${version}`).join('; ')}`)
  }
  for (const { name } of SUITES) {
    const counts = rows.filter(({ suite }) => suite === name).map(({ passed }) => passed)
    if (new Set(counts).size > 1) {
      throw new ScriptError(`${name}: not the same number of tests ran on each version (${counts.join(', ')})`)
    }
  }
  console.log('\nsallyport: it holds on each of them')
})

/**
 * @param {string} program
 * @param {string} version
 * @param {(typeof SUITES)[number]} suite
 */
async function runSuite(program, version, { name, args }) {
  const folder = join(cache, 'matrix')
  mkdirSync(folder, { recursive: true })
  const report = join(folder, `${version}-${name.replaceAll(/\W+/g, '-')}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]
  // What a test starts by the name `node`, such as npm, is to be the same one.
  const env = { PATH: [dirname(program), process.env.PATH].join(delimiter) }
  const started = performance.now()
  let outcome = 'ok'
  try {
    await run(program, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args, ...reporters], { env })
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    console.error(error.message)
    outcome = 'FAILED'
  }
  const { passed, failed } = countsIn(report)
  // A filter that finds nothing, and a run that ended before it counted, are no success.
  if (passed === 0) outcome = 'FAILED'
  return { version, suite: name, passed, failed, seconds: (performance.now() - started) / 1000, outcome }
}

/** @param {string} report vitest's own, as JSON */
function countsIn(report) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

/** @param {Awaited<ReturnType<typeof runSuite>>[]} rows */
function tableOf(rows) {
  const cells = rows.map(({ version, suite, passed, failed, seconds, outcome }) => [
    version,
    suite,
    String(passed),
    String(failed),
    seconds.toFixed(0),
    outcome,
  ])
  const table = [['Node.js', 'suite', 'passed', 'failed', 'seconds', 'outcome'], ...cells]
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
