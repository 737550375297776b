// `npm run test:defences [part of a name]`: takes each defence out of a copy of the source, and expects its tests to fail.
import { spawn } from 'node:child_process'
import { SourceCopy } from '../planting/source-copy.js'
import { DEFENCES } from './defences.js'

const PARTS = ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']
const [wanted = ''] = process.argv.slice(2)
const chosen = DEFENCES.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))

interface Outcome {
  /** 0 where every test passes, 1 where one fails. */
  readonly code: number | null
  readonly output: string
}

function runTests(folder: string, files: readonly string[]): Promise<Outcome> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', '--reporter', 'dot', ...files]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

const copy = new SourceCopy(PARTS)
process.once('exit', () => copy.remove())
const files = [...new Set(chosen.flatMap(({ tests }) => tests))]
const untouched = await runTests(copy.folder, files)
if (untouched.code !== 0) {
  console.error(`${untouched.output}\nsallyport: the tests fail with every defence in place`)
  process.exit(1)
}
console.log('| defence | file | taken out | tests | seconds |\n| --- | --- | --- | --- | --- |')
let standing = 0
for (const { name, edits, tests } of chosen) {
  const undo = copy.plant(edits)
  const started = performance.now()
  const isRed = (await runTests(copy.folder, tests)).code === 1
  undo()
  if (!isRed) standing++
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const where = edits.map(({ file }) => file).join(', ')
  console.log(`| ${name} | ${where} | ${isRed ? 'red' : '**GREEN**'} | ${tests.join(', ')} | ${seconds} |`)
}
console.log(`\n${chosen.length - standing} of ${chosen.length} defences are missed when they are gone`)
if (standing > 0 || chosen.length === 0) process.exitCode = 1
