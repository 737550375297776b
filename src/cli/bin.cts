#!/usr/bin/env node
// CommonJS, since a program that starts as an ES module is read through libuv's thread pool, whose size is fixed when
// it is first used. Hashes run on those threads and must leave some for files and names (16 idle ones cost nothing).
const { stat, readdirSync } = process.getBuiltinModule('node:fs')
const { availableParallelism, setPriority } = process.getBuiltinModule('node:os')
const hashes = Number(process.env['MAX_CONCURRENT_LOGINS']) || availableParallelism()
process.env['UV_THREADPOOL_SIZE'] ||= String(Math.min(1024, Math.max(16, hashes + 2)))

/** How much less a hash presses for a core than the thread that answers: with all cores hashing, requests do not wait. */
const NICENESS = 10
const before = threads()
stat('/', () => {
  for (const thread of threads()) if (!before.includes(thread)) lowerPriority(thread)
  import('./main.js')
})

/** Of this process: on Linux alone a thread has a priority of its own. */
function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return []
  }
}

function lowerPriority(thread: number): void {
  try {
    setPriority(thread, NICENESS)
  } catch {
    // A container may forbid it: then all threads press alike.
  }
}
