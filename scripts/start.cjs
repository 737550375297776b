// CommonJS, since loading the first ES module fixes the size of the thread pool that password hashes need (see
// src/cli/bin.cts, which is too late here).
const { availableParallelism } = require('node:os')
const { pathToFileURL } = require('node:url')
const hashes = Number(process.env.MAX_CONCURRENT_LOGINS) || availableParallelism()
process.env.UV_THREADPOOL_SIZE ||= String(Math.min(1024, Math.max(16, hashes + 2)))

import('./project.mjs').then(({ main, stopWithNpm }) =>
  main(async () => {
    stopWithNpm()
    const { build, program } = await import('./build.mjs')
    await build()
    // In this very process, so that signals and the exit code need no forwarding.
    process.argv = [process.execPath, program, 'serve', ...process.argv.slice(2)]
    await import(pathToFileURL(program).href)
  }),
)
