// A process of its own: reads jobs as lines of JSON, plays each, and answers with what came of it.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../statistics.js'
import { openConnection, type Tally } from './load-connection.js'
import { type LoadJob, type LoadResult, loadJob } from './load-job.js'

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await play(loadJob.parse(JSON.parse(line)))))
}
process.exit(0)

/** Keeps so many connections busy with one request at a time each, or sends at a rate over those that are free. */
async function play({ url, requests, connections, milliseconds, rate }: LoadJob): Promise<LoadResult> {
  const texts = requests.map((request) => Buffer.from(request))
  const tally: Tally = { latencies: [], statuses: {} }
  const open = await Promise.all(
    Array.from({ length: connections }, (_, index) => openConnection(url, texts[index % texts.length], tally)),
  )
  const started = performance.now()
  const until = started + milliseconds
  if (rate === null) {
    await Promise.all(
      open.map(async (connection) => {
        do await connection.ask()
        while (performance.now() < until)
      }),
    )
  } else {
    const pending = new Set<Promise<void>>()
    const free = [...open]
    for (let sent = 0; performance.now() < until; await sleep(2)) {
      for (const due = ((performance.now() - started) * rate) / 1000; sent < due; sent++) {
        const connection = free.pop()
        // Everybody waits already: who comes now finds no door.
        if (connection === undefined) continue
        const asked = connection.ask().then(() => {
          free.push(connection)
          pending.delete(asked)
        })
        pending.add(asked)
      }
    }
    await Promise.all(pending)
  }
  const took = performance.now() - started
  for (const connection of open) connection.close()
  const { latencies, statuses } = tally
  return {
    answered: latencies.length,
    statuses,
    milliseconds: took,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}
