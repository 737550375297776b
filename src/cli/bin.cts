#!/usr/bin/env node
// CommonJS, since a program that starts as an ES module is read through libuv's thread pool, whose size is fixed when
// it is first used. Hashes run on those threads and must leave some for files and names (16 idle ones cost nothing).
const { availableParallelism } = process.getBuiltinModule('node:os')
const hashes = Number(process.env['MAX_CONCURRENT_LOGINS']) || availableParallelism()
process.env['UV_THREADPOOL_SIZE'] ||= String(Math.min(1024, Math.max(16, hashes + 2)))

import('./main.js')
