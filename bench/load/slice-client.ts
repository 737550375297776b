// A process of its own that plays slices of so many requests, one after the other, over connections it keeps: none pays for
// opening them.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LoadConnection, openConnection, type Tally } from './load-connection.js'
import { cpuOf } from './process-cpu.js'
import { type SliceJob, type SliceResult, type SlicesResult, sliceJob } from './slice-job.js'

/** Milliseconds until whoever has answered the last request sleeps: only then the kernel's account of it is whole. */
const SETTLED = 1

interface Kept {
  readonly connections: readonly LoadConnection[]
  readonly tally: Tally
}

const kept = new Map<string, Kept>()

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await play(sliceJob.parse(JSON.parse(line)))))
}
process.exit(0)

async function play({ pid, slices, ...plan }: SliceJob): Promise<SlicesResult> {
  const results: SliceResult[] = []
  for (const request of slices) {
    const open = kept.get(request.text) ?? (await openAll(request, plan.connections))
    const [cpu, started] = [cpuOf(pid), performance.now()]
    const statuses = await ask(open, plan.requests)
    const took = performance.now() - started
    await sleep(SETTLED)
    results.push({ statuses, milliseconds: took, cpu: (cpuOf(pid) - cpu) / 1000 })
  }
  return results
}

/** Every connection asks again at once, until all together have asked so often. @returns how often each status was answered */
async function ask({ connections, tally }: Kept, requests: number): Promise<SliceResult['statuses']> {
  let left = requests
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) await connection.ask()
    }),
  )
  const statuses = { ...tally.statuses }
  for (const status of Object.keys(tally.statuses)) delete tally.statuses[status]
  tally.latencies.length = 0
  return statuses
}

async function openAll({ url, text }: SliceJob['slices'][number], count: number): Promise<Kept> {
  const tally: Tally = { latencies: [], statuses: {} }
  const bytes = Buffer.from(text)
  const opening = Array.from({ length: count }, () => openConnection(url, bytes, tally))
  const opened = { connections: await Promise.all(opening), tally }
  kept.set(text, opened)
  return opened
}
