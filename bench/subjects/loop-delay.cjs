// Loaded into a server with --require: on SIGUSR2 it writes how late its event loop was since the last time, and begins anew.
const { writeFileSync } = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')

const RESOLUTION = 1
const file = process.env.SALLYPORT_BENCH_LOOP_DELAY
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
histogram.enable()
process.on('SIGUSR2', () => {
  const late = (share) => Math.max(0, histogram.percentile(share) / 1e6 - RESOLUTION)
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ p50: late(50), p99: late(99), max: Math.max(0, histogram.max / 1e6 - RESOLUTION) }),
  )
  histogram.reset()
})
