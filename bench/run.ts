import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark, NotMeasured, Outcome } from './benchmark.js'
import { judge } from './goals.js'
import { describeMachine } from './machine.js'
import { keepReport, type Report, toMarkdown } from './report.js'

const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  authenticate: () => import('./benchmarks/authenticate.js'),
  http: () => import('./benchmarks/http.js'),
  adapters: () => import('./benchmarks/adapters.js'),
  'sign-in': () => import('./benchmarks/sign-in.js'),
  refresh: () => import('./benchmarks/refresh.js'),
  start: () => import('./benchmarks/start.js'),
  memory: () => import('./benchmarks/memory.js'),
  'revocation-latency': () => import('./benchmarks/revocation-latency.js'),
  websockets: () => import('./benchmarks/websockets.js'),
  enumeration: () => import('./benchmarks/enumeration.js'),
}

const USAGE = `npm run bench -- [name …] [--quick] [--json] [--count n] [--only word …] [--results folder]

Without a name, all of them: ${Object.keys(BENCHMARKS).join(', ')}`

const { values, positionals } = readArguments()
const unknown = positionals.filter((name) => BENCHMARKS[name] === undefined)
const count = values.count === undefined ? null : Number(values.count)
if (unknown.length > 0) refuse(`there is no benchmark ${unknown.join(', ')}`)
if (count !== null && !(Number.isInteger(count) && count > 0)) refuse('--count is a whole number from 1')

const profile = values.quick ? 'quick' : 'full'
const names = positionals.length === 0 ? Object.keys(BENCHMARKS) : positionals
const started = performance.now()
const before = describeMachine()
const outcomes: Outcome[] = []
const failed: NotMeasured[] = []
for (const name of names) {
  const startedOne = performance.now()
  console.error(`sallyport: measuring ${name} (${profile} profile)`)
  try {
    const load = BENCHMARKS[name]
    if (load === undefined) continue
    const { benchmark } = await load()
    const peersMissing = process.env['SALLYPORT_BENCH_PEERS_MISSING'] || null
    outcomes.push(await benchmark({ quick: values.quick, count, only: values.only, peersMissing }))
  } catch (error) {
    // The others still have something to say; the exit code tells that one is missing.
    console.error(error)
    failed.push({ what: name, reason: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
  }
  console.error(`sallyport: ${name} took ${Math.round((performance.now() - startedOne) / 1000)} s`)
}
const goals = judge(outcomes.flatMap(({ readings = [] }) => readings))
const report: Report = {
  command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  profile,
  date: new Date().toISOString(),
  seconds: Math.round((performance.now() - started) / 1000),
  machine: { ...before, loadAfter: describeMachine().load },
  benchmarks: names,
  comparisons: outcomes.flatMap(({ comparisons = [] }) => comparisons),
  // A run of one benchmark has nothing to say of the others' goals.
  goals: goals.filter(
    ({ measured, notYet }) => measured !== null || (notYet !== undefined && positionals.length === 0),
  ),
  notMeasured: [...outcomes.flatMap(({ notMeasured = [] }) => notMeasured), ...failed],
  tables: outcomes.flatMap(({ tables }) => tables),
}
keepReport(values.results, positionals.length === 0 ? profile : positionals.join('+'), report)
process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : toMarkdown(report))

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        results: { type: 'string', default: join(import.meta.dirname, 'results') },
        count: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
      },
    })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

function refuse(reason: string): never {
  console.error(`sallyport: ${reason}\n${USAGE}`)
  process.exit(2)
}
