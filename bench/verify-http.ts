import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { startChild } from '../test/databases/child-process.js'
import type { Benchmark } from './benchmark.js'
import { HttpConnection } from './http-connection.js'
import { cpuOf } from './process-cpu.js'
import { startServers } from './servers.js'
import { median, shuffled } from './statistics.js'

const CONNECTIONS = 16
const ACCOUNT = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
const signedIn = z.object({ access_token: z.string() })

interface Variant {
  readonly name: string
  readonly pid: number
  readonly url: string
  readonly path: string
  readonly token: string
  /** At least this share of the floor. */
  readonly goal: string
}

/** CPU of the server process for each request, against bare node:http under the same requests. */
export const benchmark: Benchmark = async ({ quick }) => {
  const rounds = quick ? 3 : 15
  const milliseconds = quick ? 500 : 1_000
  const bare = await startBare()
  const servers = [await startServers('sqlite', 'stateful', 1), await startServers('sqlite', 'stateless', 1)]
  const client = startChild(new URL('./load-client.ts', import.meta.url))
  try {
    const variants: Variant[] = []
    for (const [index, label] of ['opaque', 'JWT'].entries()) {
      const url = servers[index]?.urls[0] ?? ''
      const pid = servers[index]?.pids[0] ?? 0
      const token = await signIn(url)
      variants.push({ name: `GET /auth/verify, ${label}`, pid, url, path: '/auth/verify', token, goal: '.80' })
      variants.push({ name: `GET /auth/me, ${label}`, pid, url, path: '/auth/me', token, goal: '.60' })
    }
    const token = variants[0]?.token ?? ''
    variants.unshift({ name: 'bare node:http, 200 bytes of JSON', ...bare, path: '/auth/verify', token, goal: '' })
    const costs = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
    const rates = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
    for (let round = -2; round < rounds; round++) {
      for (const { name, pid, url, path, token: given } of shuffled(variants)) {
        const [before, started] = [cpuOf(pid), performance.now()]
        client.tell(JSON.stringify({ url, path, token: given, connections: CONNECTIONS, milliseconds }))
        const { answered } = z.object({ answered: z.number() }).parse(JSON.parse(await client.line()))
        // The first two rounds only warm up.
        if (round < 0) continue
        costs.get(name)?.push((cpuOf(pid) - before) / 1000 / answered)
        rates.get(name)?.push((answered * 1000) / (performance.now() - started))
      }
    }
    const floor = median(costs.get(variants[0]?.name ?? '') ?? [])
    return [
      {
        title: `${CONNECTIONS} connections, median of ${rounds} shuffled rounds of ${milliseconds} ms`,
        rows: variants.map(({ name, goal }) => {
          const cost = median(costs.get(name) ?? [])
          return {
            what: name,
            'CPU µs a request': cost.toFixed(1),
            'ratio to bare': (floor / cost).toFixed(2),
            goal,
            'requests a second': Math.round(median(rates.get(name) ?? [])).toLocaleString('en'),
          }
        }),
      },
    ]
  } finally {
    client.kill('SIGKILL')
    bare.stop()
    for (const server of servers) await server.stop()
  }
}

async function startBare() {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [port] = await once(createInterface(child.stdout), 'line')
  return { pid: child.pid ?? 0, url: `http://127.0.0.1:${port}`, stop: () => child.stdin.end() }
}

async function signIn(url: string): Promise<string> {
  const connection = await HttpConnection.open(url)
  const { body } = await connection.send('POST', '/auth/register', null, ACCOUNT)
  connection.close()
  return signedIn.parse(JSON.parse(body)).access_token
}
