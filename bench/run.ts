import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.js'
import { describeMachine } from './machine.js'
import { keepReport } from './report.js'

const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  authenticate: () => import('./authenticate.js'),
  'verify-http': () => import('./verify-http.js'),
  'revocation-latency': () => import('./revocation-latency.js'),
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    count: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
  },
})
const name = positionals[0] ?? ''
const load = BENCHMARKS[name]
if (load === undefined) {
  console.error(`sallyport: name one of ${Object.keys(BENCHMARKS).join(', ')}`)
  process.exit(2)
}
const { benchmark } = await load()
const count = values.count === undefined ? null : Number(values.count)
const started = performance.now()
const tables = await benchmark({ quick: values.quick, count, only: values.only })
keepReport(name, {
  command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  date: new Date().toISOString(),
  seconds: Math.round((performance.now() - started) / 1000),
  machine: describeMachine(),
  tables,
})
