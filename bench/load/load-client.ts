// A process of its own: reads jobs as lines of JSON, plays each, and answers with what came of it.

import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../statistics.js'
import { AnswerReader } from './answer-reader.js'
import { type LoadJob, type LoadResult, loadJob } from './load-job.js'

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await play(loadJob.parse(JSON.parse(line)))))
}
process.exit(0)

interface Record {
  readonly latencies: number[]
  readonly statuses: { [status: string]: number }
}

/** Keeps so many connections busy with one request at a time each, or sends at a rate over those that are free. */
async function play({ url, requests, connections, milliseconds, rate }: LoadJob): Promise<LoadResult> {
  const texts = requests.map((request) => Buffer.from(request))
  const record: Record = { latencies: [], statuses: {} }
  const open = await Promise.all(
    Array.from({ length: connections }, (_, index) => openConnection(url, texts[index % texts.length], record)),
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
  const { latencies, statuses } = record
  return {
    answered: latencies.length,
    statuses,
    milliseconds: took,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}

async function openConnection(url: string, request: Buffer | undefined, { latencies, statuses }: Record) {
  const { hostname, port } = new URL(url)
  if (request === undefined) throw new Error('There is nothing to ask')
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  const reader = new AnswerReader()
  let askedAt = 0
  let settle = { resolve: (): void => undefined, reject: (_: Error): void => undefined }
  socket.on('data', (data) => {
    const status = reader.read(data)
    if (status === null) return
    latencies.push(performance.now() - askedAt)
    statuses[status] = (statuses[status] ?? 0) + 1
    settle.resolve()
  })
  socket.on('error', (error) => settle.reject(error))
  socket.on('close', () => settle.reject(new Error(`${url} closed a connection`)))
  await new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
    socket.on('connect', resolve)
  })
  return {
    ask: () =>
      new Promise<void>((resolve, reject) => {
        settle = { resolve, reject }
        askedAt = performance.now()
        socket.write(request)
      }),
    close() {
      settle = { resolve: () => undefined, reject: () => undefined }
      socket.destroy()
    },
  }
}
