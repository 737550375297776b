// A process of its own: asks one thing again and again at a gentle pace, and tells how long the answers took.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { percentile } from '../statistics.js'
import { HttpConnection } from './http-connection.js'

const job = z.object({ url: z.url(), path: z.string(), token: z.string(), milliseconds: z.number() })
/** Milliseconds between an answer and the next question. */
const PAUSE = 2

for await (const line of createInterface({ input: process.stdin })) {
  const { url, path, token, milliseconds } = job.parse(JSON.parse(line))
  const connection = await HttpConnection.open(url)
  const latencies: number[] = []
  for (const until = performance.now() + milliseconds; performance.now() < until; await sleep(PAUSE)) {
    const asked = performance.now()
    const { status, at } = await connection.send('GET', path, token)
    if (status !== 200) throw new Error(`${path} was answered ${status}`)
    latencies.push(at - asked)
  }
  connection.close()
  console.log(
    JSON.stringify({ p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), answered: latencies.length }),
  )
}
process.exit(0)
