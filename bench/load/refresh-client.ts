// A process of its own: refreshes sessions over HTTP, each over a connection of its own, one refresh after the other.

import { createInterface } from 'node:readline'
import { z } from 'zod'
import { percentile } from '../statistics.js'
import { HttpConnection } from './http-connection.js'

const job = z.object({ url: z.url(), tokens: z.array(z.string()), milliseconds: z.number() })
const issued = z.object({ refresh_token: z.string() })

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await play(job.parse(JSON.parse(line)))))
}
process.exit(0)

async function play({ url, tokens, milliseconds }: z.output<typeof job>) {
  const connections = await Promise.all(tokens.map(() => HttpConnection.open(url)))
  const latencies: number[] = []
  const started = performance.now()
  const until = started + milliseconds
  const last = await Promise.all(
    connections.map(async (connection, index) => {
      let token = tokens[index] ?? ''
      while (performance.now() < until) {
        const asked = performance.now()
        const answer = await connection.send('POST', '/auth/refresh', null, { refresh_token: token })
        if (answer.status !== 200) throw new Error(`A refresh was answered ${answer.status}: ${answer.body}`)
        latencies.push(answer.at - asked)
        token = issued.parse(JSON.parse(answer.body)).refresh_token
      }
      return token
    }),
  )
  const took = performance.now() - started
  for (const connection of connections) connection.close()
  return {
    answered: latencies.length,
    milliseconds: took,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    tokens: last,
  }
}
